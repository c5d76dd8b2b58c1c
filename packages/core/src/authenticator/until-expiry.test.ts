import { EventEmitter } from 'node:events'
import { describe, expect, it, vi } from 'vitest'
import { fixedClock } from '../../test/fakes.ts'
import { closeAtExpiry } from './close-at-expiry.ts'
import { ConfigurationError } from './errors.ts'
import { untilExpiry } from './until-expiry.ts'

const NOW = 1_000_000
const YEAR_MS = 366 * 24 * 3_600_000

describe('untilExpiry', () => {
  it('is aborted at the expiry of the credential, and not a millisecond before', () => {
    const clock = fixedClock(NOW)
    const signal = untilExpiry({ expiresAtMs: NOW + 5000 }, { clock })
    clock.advance(4999)
    expect(signal.aborted).toBe(false)
    clock.advance(1)
    expect(signal.aborted).toBe(true)
    expect(signal.reason).toMatchObject({ code: 'rejected', message: 'the credential has expired' })
    expect(clock.pending).toBe(0)
  })

  it('is never aborted without an expiry, and waits for nothing', () => {
    const clock = fixedClock(NOW)
    const signal = untilExpiry({}, { clock })
    expect(clock.pending).toBe(0)
    clock.advance(YEAR_MS)
    expect(signal.aborted).toBe(false)
  })

  it.each([NOW, NOW - 1, 0, -1, Number.NaN, null])(
    'is aborted at once for an expiry of %j',
    (expiresAtMs) => {
      const clock = fixedClock(NOW)
      const signal = untilExpiry({ expiresAtMs: expiresAtMs as number }, { clock })
      expect(signal.aborted).toBe(true)
      expect(clock.pending).toBe(0)
    },
  )

  it('waits for more than the longest timeout of runtimes', () => {
    const clock = fixedClock(NOW)
    const signal = untilExpiry({ expiresAtMs: NOW + YEAR_MS }, { clock })
    for (let hours = 0; hours < 366 * 24; hours++) {
      expect(signal.aborted).toBe(false)
      clock.advance(3_600_000)
    }
    expect(signal.aborted).toBe(true)
  })

  it('notices a clock that was set within an hour, and does not end early for a timer that fires early', () => {
    let now = NOW
    const timers: { readonly ms: number; readonly callback: () => void }[] = []
    const clock = {
      now: () => now,
      after: (ms: number, callback: () => void) => {
        timers.push({ ms, callback })
        return () => undefined
      },
    }
    const signal = untilExpiry({ expiresAtMs: NOW + YEAR_MS }, { clock })
    expect(timers[0]?.ms).toBe(3_600_000)
    now += YEAR_MS - 1
    timers[0]?.callback()
    expect(signal.aborted).toBe(false)
    expect(timers[1]?.ms).toBe(1)
    timers[1]?.callback()
    expect(signal.aborted).toBe(false)
    now += 1
    timers[2]?.callback()
    expect(signal.aborted).toBe(true)
  })

  it('is aborted after the limit of the connection, whichever comes first', () => {
    for (const [expiresAtMs, limit, endMs, message] of [
      [undefined, 10, 10_000, 'the connection has reached its limit'],
      [NOW + 20_000, 10, 10_000, 'the connection has reached its limit'],
      [NOW + 5000, 10, 5000, 'the credential has expired'],
    ] as const) {
      const clock = fixedClock(NOW)
      const signal = untilExpiry(expiresAtMs === undefined ? {} : { expiresAtMs }, {
        clock,
        maxConnectionSeconds: limit,
      })
      clock.advance(endMs - 1)
      expect(signal.aborted).toBe(false)
      clock.advance(1)
      expect(signal.reason).toMatchObject({ message })
    }
  })

  it('forgets its timer when the connection closes', () => {
    const clock = fixedClock(NOW)
    const closed = new AbortController()
    const signal = untilExpiry({ expiresAtMs: NOW + YEAR_MS }, { clock, signal: closed.signal })
    clock.advance(3_600_000)
    expect(clock.pending).toBe(1)
    closed.abort()
    expect(clock.pending).toBe(0)
    clock.advance(YEAR_MS)
    expect(signal.aborted).toBe(false)
    untilExpiry({ expiresAtMs: NOW + 2 * YEAR_MS }, { clock, signal: closed.signal })
    expect(clock.pending).toBe(0)
  })

  it.each([
    { maxConnectionSeconds: 0 },
    { maxConnectionSeconds: '1' },
    { signal: {} },
    { clock: {} },
    { maxSeconds: 1 },
  ])('refuses %j', (options) => {
    expect(() => untilExpiry({}, options as never)).toThrow(ConfigurationError)
  })
})

class Emitting extends EventEmitter {
  readonly calls: unknown[][] = []
  readonly keep = (...given: unknown[]): void => void this.calls.push(given)
}

describe('closeAtExpiry', () => {
  it.each([
    ['close', [4401, 'credential expired']],
    ['end', []],
    ['disconnect', [true]],
  ])('calls %s', (method, given) => {
    const clock = fixedClock(NOW)
    const connection = Object.assign(new Emitting(), {})
    Object.assign(connection, { [method]: connection.keep })
    closeAtExpiry(connection as never, { expiresAtMs: NOW + 1000 }, { clock })
    clock.advance(999)
    expect(connection.calls).toEqual([])
    clock.advance(1)
    expect(connection.calls).toEqual([given])
  })

  it.each(['close', 'disconnect'])('waits no longer after the event %s', (event) => {
    const clock = fixedClock(NOW)
    const connection = Object.assign(new Emitting(), { close: vi.fn<() => void>() })
    closeAtExpiry(connection, { expiresAtMs: NOW + 1000 }, { clock })
    connection.emit(event)
    expect(clock.pending).toBe(0)
    clock.advance(1000)
    expect(connection.close).not.toHaveBeenCalled()
  })

  it.each([
    { how: 'its result is called', connection: { close: vi.fn<() => void>() } },
    {
      how: 'a stream of Hono is aborted',
      connection: {
        listeners: [] as (() => void)[],
        onAbort(listener: () => void) {
          this.listeners?.push(listener)
        },
        close: vi.fn<() => void>(),
      },
    },
    {
      how: 'the WebSocket in a context of Hono closes',
      connection: { raw: new EventTarget(), close: vi.fn<() => void>() },
    },
  ])('waits no longer after $how', ({ connection }) => {
    const clock = fixedClock(NOW)
    const stop = closeAtExpiry(connection, { expiresAtMs: NOW + 1000 }, { clock })
    if ('listeners' in connection) connection.listeners?.[0]?.()
    else if ('raw' in connection) connection.raw.dispatchEvent(new Event('close'))
    else stop()
    expect(clock.pending).toBe(0)
    clock.advance(1000)
    expect(connection.close).not.toHaveBeenCalled()
  })

  it('closes at once what has expired, with the code of its option, and ignores what the connection throws', async () => {
    const close = vi.fn<(code?: number) => void>(() => {
      throw new Error('it is closed')
    })
    closeAtExpiry({ close }, { expiresAtMs: NOW }, { clock: fixedClock(NOW), closeCode: 3000 })
    expect(close).toHaveBeenCalledExactlyOnceWith(3000, 'credential expired')
    const rejecting = vi.fn<() => Promise<void>>(() => Promise.reject(new Error('it is closed')))
    closeAtExpiry({ close: rejecting }, { expiresAtMs: NOW }, { clock: fixedClock(NOW) })
    await Promise.resolve()
    expect(rejecting).toHaveBeenCalledOnce()
  })

  it.each([2999, 5000, 1008, 4401.5, '4401'])('refuses the close code %j', (closeCode) => {
    expect(() => closeAtExpiry({ close: () => undefined }, {}, { closeCode: closeCode as number })).toThrow(
      'closeCode: must be a whole number from 3000 to 4999',
    )
  })

  it.each([undefined, null, {}, 'a', { close: true }])('refuses %j, which cannot be closed', (connection) => {
    expect(() => closeAtExpiry(connection as never, {})).toThrow('connection: must be a WebSocket')
  })
})
