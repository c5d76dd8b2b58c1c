import { describe, expect, it } from 'vitest'
import { fixedClock } from '../../../core/test/fakes.ts'
import { type EtcdTime, etcdTime } from './etcd-time.ts'

/** The elapsed time begins at 0 at this time of etcd. */
const START_MS = 1_000_000_250
const dateAt = (timeMs: number): string => new Date(Math.floor(timeMs / 1000) * 1000).toUTCString()

/** What a process knows whose clock is ahead, after it was told the time at these elapsed times. */
function knowing(
  aheadMs: number,
  toldAtMs: readonly number[],
): { readonly time: EtcdTime; pass(toMs: number): void } {
  let elapsedMs = 0
  const clock = { ...fixedClock(), now: () => START_MS + elapsedMs + aheadMs }
  const time = etcdTime(clock, () => elapsedMs, false)
  for (const atMs of toldAtMs) {
    elapsedMs = atMs + 2
    time.learn(dateAt(START_MS + atMs), atMs, elapsedMs)
  }
  return { time, pass: (toMs) => void (elapsedMs = toMs) }
}

describe('the time of etcd', () => {
  it('is that of a clock that agrees with it', () => {
    const { time } = knowing(0, [0, 500, 900])
    expect(time.latestMs()).toBe(START_MS + 902)
    expect(time.elapsedAt(START_MS + 5000)).toBe(5000)
  })

  it.each([30_000, -30_000, 86_400_000, -86_400_000])(
    'is known within a second or two to a process whose clock is %d ms ahead, and on the safe side',
    (aheadMs) => {
      const { time } = knowing(aheadMs, [0])
      const late = time.latestMs() - (START_MS + 2)
      expect(late).toBeGreaterThanOrEqual(0)
      expect(late).toBeLessThanOrEqual(1002)
      const wait = time.elapsedAt(START_MS + 5000) - 5000
      expect(wait).toBeGreaterThanOrEqual(0)
      expect(wait).toBeLessThanOrEqual(1002)
    },
  )

  it('is known more precisely with every answer', () => {
    const { time } = knowing(30_000, [0, 740, 760])
    // The second changed between 740 ms and 760 ms.
    expect(time.latestMs() - (START_MS + 762)).toBeLessThanOrEqual(25)
    expect(time.elapsedAt(START_MS + 5000) - 5000).toBeLessThanOrEqual(25)
  })

  it('is learned anew when the clock of etcd is set', () => {
    const { time, pass } = knowing(0, [0, 500])
    pass(1000)
    time.learn(dateAt(START_MS + 3_601_000), 998, 1000)
    expect(Math.abs(time.latestMs() - (START_MS + 3_601_000))).toBeLessThan(1100)
  })

  it.each([null, '', 'yesterday'])('is not learned from %j', (date) => {
    const { time } = knowing(30_000, [])
    time.learn(date, 0, 1)
    expect(time.latestMs()).toBe(START_MS + 30_000)
  })
})
