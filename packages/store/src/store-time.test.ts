import { systemClock } from '@kube-authn/core/internal'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { fixedClock } from '../../core/test/fakes.ts'
import { storeClock } from './store-clock.ts'
import { storeTime } from './store-time.ts'

const NOW = Date.UTC(2030, 0, 1)

/** A process whose clock is wrong by so much, which the store has told the time, with 4 ms for each answer. */
function toldBy(skewMs: number, isTrusted = false) {
  const right = fixedClock(NOW)
  let elapsedMs = 1000
  let setMs = 0
  const clock = { ...right, now: () => right.now() + skewMs + setMs }
  const time = storeTime(clock, () => elapsedMs, isTrusted)
  const pass = (milliseconds: number): void => {
    right.advance(milliseconds)
    elapsedMs += milliseconds
  }
  const tell = (storeMs = right.now()): void => {
    const sentMs = elapsedMs
    pass(2)
    const fromMs = storeMs + 2
    pass(2)
    time.learn({ fromMs, toMs: fromMs, sentMs, receivedMs: elapsedMs })
  }
  return { right, time, pass, tell, setClock: (milliseconds: number) => (setMs = milliseconds) }
}

describe('the time of a store', () => {
  it.each([0, 999, -999, 300_000, -300_000, 86_400_000])(
    'is known, with a clock that is wrong by %d ms',
    (skewMs) => {
      const { right, time, pass, tell } = toldBy(skewMs)
      for (let told = 0; told < 3; told++) {
        tell()
        pass(1000)
        expect(Math.abs(time.nowMs() - right.now())).toBeLessThanOrEqual(Math.abs(skewMs) < 1000 ? 999 : 2)
        expect(time.earliestMs()).toBeLessThanOrEqual(right.now())
        expect(time.earliestMs()).toBeGreaterThan(right.now() - 4.2)
      }
    },
  )

  it('is that of the clock until the store has told it, and if the clock is trusted', () => {
    const { right, time } = toldBy(300_000)
    expect([time.nowMs(), time.earliestMs()]).toEqual([right.now() + 300_000, right.now() + 300_000])
    const trusted = toldBy(300_000, true)
    trusted.tell()
    expect([trusted.time.nowMs(), trusted.time.earliestMs()]).toEqual([
      trusted.right.now() + 300_000,
      trusted.right.now() + 300_000,
    ])
  })

  it('goes on while the clock is set back and forward', () => {
    const { right, time, pass, tell, setClock } = toldBy(0)
    tell()
    for (const set of [-3_600_000, 3_600_000, 0]) {
      setClock(set)
      pass(60_000)
      expect(Math.abs(time.nowMs() - right.now())).toBeLessThan(10)
    }
  })

  it('follows a store whose time was set, and one that only says that it is later', () => {
    const { right, time, tell } = toldBy(0)
    tell()
    tell(right.now() + 60_000)
    expect(Math.abs(time.nowMs() - right.now() - 60_000)).toBeLessThan(10)
    time.learn({ fromMs: right.now() + 120_000, toMs: Infinity, sentMs: 0, receivedMs: 1008 })
    expect(time.nowMs()).toBe(right.now() + 120_000)
  })

  it('is that of the runtime, for a store that does not tell it', () => {
    const runtime = vi.spyOn(systemClock, 'now').mockReturnValue(7)
    onTestFinished(() => runtime.mockRestore())
    expect(storeClock({}).now()).toBe(7)
    expect(storeClock({ now: () => 5 }).now()).toBe(5)
  })
})
