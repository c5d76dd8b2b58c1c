import { describe, expect, it, vi } from 'vitest'
import { jane } from '../../test/fakes.ts'
import type { Awaitable } from '../internal/awaitable.ts'
import { rejected, unavailable } from './errors.ts'
import { revocationBy } from './revocation-by.ts'

/** A revocation, what its check does, and who watches. */
function depending(first: () => Awaitable<void> = () => undefined) {
  let check = first
  const watchers = new Set<() => void>()
  const revocation = revocationBy({
    check: () => check(),
    watch(onChange) {
      watchers.add(onChange)
      return () => watchers.delete(onChange)
    },
  })
  const change = (next: () => Awaitable<void>): void => {
    check = next
    for (const each of watchers) each()
  }
  return { revocation, watchers, change }
}

const refuse = (): never => {
  throw rejected('gone')
}
const away = (): never => {
  throw unavailable('away')
}

describe('revocationBy', () => {
  it('is revoked when the check rejects, at once or later', async () => {
    expect(depending().revocation.isRevoked()).toBe(false)
    expect(depending(refuse).revocation.isRevoked()).toBe(true)
    expect(await depending(async () => undefined).revocation.isRevoked()).toBe(false)
    expect(await depending(async () => refuse()).revocation.isRevoked()).toBe(true)
  })

  it.each([
    ['an outage', unavailable('away')],
    ['a fault', new TypeError('fault')],
  ])('does not take %s for an answer', async (_, error) => {
    const fail = (): never => {
      throw error
    }
    expect(() => depending(fail).revocation.isRevoked()).toThrow(error)
    await expect(depending(async () => fail()).revocation.isRevoked()).rejects.toBe(error)
  })

  it('calls back once, after a change that matters', () => {
    const { revocation, watchers, change } = depending()
    const onRevoked = vi.fn<() => void>()
    revocation.watch(onRevoked)
    change(() => undefined)
    change(async () => undefined)
    expect(onRevoked).not.toHaveBeenCalled()
    change(refuse)
    change(refuse)
    expect(onRevoked).toHaveBeenCalledOnce()
    expect(watchers.size).toBe(0)
  })

  it.each([
    ['cannot be known', away],
    ['cannot be known later', async () => away()],
    ['fails', () => Promise.reject(new TypeError('fault'))],
  ])('ends what goes on for long when the answer %s', async (_, check) => {
    const { revocation, watchers, change } = depending()
    const onRevoked = vi.fn<() => void>()
    revocation.watch(onRevoked)
    change(check)
    await vi.waitFor(() => expect(onRevoked).toHaveBeenCalledOnce())
    expect(watchers.size).toBe(0)
  })

  it('calls back at once if it is revoked already, and never after it was stopped', async () => {
    const late = vi.fn<() => void>()
    depending(refuse).revocation.watch(late)
    expect(late).toHaveBeenCalledOnce()

    const onRevoked = vi.fn<() => void>()
    const { revocation, watchers, change } = depending()
    const stop = revocation.watch(onRevoked)
    change(async () => refuse())
    stop()
    stop()
    // The check has rejected by then.
    await new Promise((resolve) => setImmediate(resolve))
    expect(onRevoked).not.toHaveBeenCalled()
    expect(watchers.size).toBe(0)
  })

  it('is the same for a user that is impersonated', () => {
    const { revocation } = depending(refuse)
    expect(revocation.actingAs(jane).isRevoked()).toBe(true)
  })
})
