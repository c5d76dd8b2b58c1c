import { describe, expect, it } from 'vitest'
import type { HeaderChanges } from '../../authenticator/authenticator.ts'
import { accumulateHeaderChanges } from './changes.ts'

describe('accumulateHeaderChanges', () => {
  const always: HeaderChanges = { remove: ['authorization'], removePrefixes: ['x-remote-extra-'] }

  it.each([
    { remove: ['authorization'] },
    { remove: [] },
    { remove: ['authorization'], removePrefixes: ['x-remote-extra-'] },
  ])('is what always goes when %j adds nothing', (consumed) => {
    const accumulate = accumulateHeaderChanges(always, [])
    expect(accumulate(undefined)).toBe(always)
    expect(accumulate(consumed)).toEqual(always)
  })

  it('is the same object for the same headers of a credential', () => {
    const accumulate = accumulateHeaderChanges(always, [])
    const consumed = { remove: ['x-token'] }
    expect(accumulate(consumed)).toBe(accumulate(consumed))
    expect(accumulate(consumed).remove).toEqual(['authorization', 'x-token'])
  })

  it.each<HeaderChanges>([
    { remove: [], removePrefixes: ['x-remote-'] },
    { remove: [], removeTwinsOf: ['x-remote-extra-'] },
    { remove: [], replace: [['authorization', 'b']] },
  ])('adds %j, which is something else than what always goes', (consumed) => {
    const sum = accumulateHeaderChanges(always, [])(consumed)
    expect(sum.removePrefixes).toEqual([...new Set(['x-remote-extra-', ...(consumed.removePrefixes ?? [])])])
    expect(sum.removeTwinsOf).toEqual(consumed.removeTwinsOf)
    expect(sum.replace).toEqual(consumed.replace)
  })

  it('adds what is configured and what was consumed, each name once', () => {
    const accumulate = accumulateHeaderChanges(always, [
      () => ({ remove: ['x-user', 'authorization'], removePrefixes: ['x-extra-', 'x-remote-extra-'] }),
    ])
    expect(accumulate({ remove: ['x-token', 'x-user'], replace: [['a', 'b']] })).toEqual({
      remove: ['authorization', 'x-user', 'x-token'],
      removePrefixes: ['x-remote-extra-', 'x-extra-'],
      replace: [['a', 'b']],
    })
  })

  it('makes the sum of what is configured once, until it changes', () => {
    let configured = { remove: ['x-user'] }
    const accumulate = accumulateHeaderChanges(always, [() => configured])
    const first = accumulate(undefined)
    expect(accumulate(undefined)).toBe(first)
    const consumed = { remove: ['x-token'] }
    expect(accumulate(consumed).remove).toEqual(['authorization', 'x-user', 'x-token'])
    configured = { remove: ['x-name'] }
    expect(accumulate(undefined).remove).toEqual(['authorization', 'x-name'])
    expect(accumulate(consumed).remove).toEqual(['authorization', 'x-name', 'x-token'])
  })
})
