import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { HeaderChanges } from '../../authenticator/authenticator.ts'
import { accumulateHeaderChanges, selectorOf } from './changes.ts'

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

describe('selectorOf', () => {
  const isSelected = selectorOf({
    remove: ['authorization', 'x-remote-user'],
    removePrefixes: ['x-remote-extra-'],
    replace: [['sec-websocket-protocol', 'chat']],
  })

  it.each([
    'authorization',
    'Authorization',
    'AUTHORIZATION',
    'X-Remote-User',
    'x-remote-extra-',
    'X-Remote-Extra-Project',
    'x-REMOTE-extra-a%2fb',
    'x_remote_user',
    'X_Remote-User',
    'x-remote_user',
    'X_REMOTE_EXTRA_Project',
    'x_remote-extra_a',
    'Sec-WebSocket-Protocol',
  ])('selects %s', (name) => {
    expect(isSelected(name)).toBe(true)
  })

  it.each([
    '',
    'authorizatio',
    'authorization ',
    'authorization-x',
    'proxy-authorization',
    'x-remote-users',
    'x-remote-extra',
    'x-remote-group',
    'x_remote_users',
    'x.remote.user',
    'xremoteuser',
    '_x-remote-user',
    'sec_websocket_protocol',
    'sec-websocket-key',
    '__proto__',
    'constructor',
  ])('leaves %j alone', (name) => {
    expect(isSelected(name)).toBe(false)
  })

  it('selects what is named in capitals, too', () => {
    const isNamed = selectorOf({ remove: ['X-Api-Key'], removePrefixes: ['X-Api-Extra-'] })
    expect(['x-api-key', 'X_API_KEY', 'x-api-extra-a', 'x-api-other'].filter(isNamed)).toHaveLength(3)
  })

  it.each([
    ['Impersonate_User', true],
    ['impersonate_extra-scope', true],
    ['impersonate_extra_scope', true],
    ['impersonate-extra_scope', true],
    ['IMPERSONATE_ANYTHING', true],
    ['Impersonate-User', false],
    ['impersonate-extra-scope', false],
    ['impersonate-extra-my_scope', false],
    ['impersonate', false],
    ['impersonator_user', false],
    ['if_match', false],
  ])('takes %s for a twin of a header: %s', (name, isTwin) => {
    expect(selectorOf({ remove: [], removeTwinsOf: ['Impersonate-', 'impersonate-extra-'] })(name)).toBe(
      isTwin,
    )
  })

  it('selects nothing where nothing is to change', () => {
    expect(selectorOf({ remove: [] })('authorization')).toBe(false)
  })

  it('selects what a plain comparison selects, in which - and _ are the same', () => {
    const name = fc.string({
      unit: fc.constantFrom('a', 'A', 'b', '-', '_', '@', '`', '1', 'Q'),
      maxLength: 7,
    })
    const lists = fc.array(
      name.map((text) => text.toLowerCase()),
      { maxLength: 3 },
    )
    fc.assert(
      fc.property(
        lists,
        lists,
        lists,
        lists,
        name,
        (remove, removePrefixes, removeTwinsOf, replaced, asked) => {
          const alike = (text: string): string => text.replaceAll('_', '-')
          const lowerCase = asked.toLowerCase()
          const wanted = alike(lowerCase)
          const replace = replaced.map((each) => [each, 'value'] as const)
          expect(selectorOf({ remove, removePrefixes, removeTwinsOf, replace })(asked)).toBe(
            remove.map(alike).includes(wanted) ||
              replaced.includes(lowerCase) ||
              removePrefixes.some((prefix) => wanted.startsWith(alike(prefix))) ||
              removeTwinsOf.some(
                (prefix) => wanted.startsWith(alike(prefix)) && !lowerCase.startsWith(alike(prefix)),
              ),
          )
        },
      ),
      { numRuns: 3000 },
    )
  })
})
