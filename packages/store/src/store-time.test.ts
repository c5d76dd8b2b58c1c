import { learnDate, type StoreTime, storeTime, systemClock } from '@kube-authn/core/internal'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { fixedClock } from '../../core/test/fakes.ts'
import { storeClock } from './store-time.ts'

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
  it.each([
    [0, 0],
    [300_000, 299_996],
    [-300_000, -299_996],
  ])('says by how much a clock is wrong: %d ms', (skewMs, least) => {
    const { time, tell, setClock } = toldBy(skewMs)
    expect(time.clockOffsetMs()).toBe(0)
    tell()
    expect(Math.abs(time.clockOffsetMs() - skewMs)).toBeLessThanOrEqual(Math.abs(skewMs - least))
    setClock(-skewMs)
    expect(time.clockOffsetMs()).toBe(0)
    expect(toldBy(skewMs, true).time.clockOffsetMs()).toBe(0)
  })

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

/** The elapsed time begins at 0 at this time of etcd. */
const START_MS = 1_000_000_250
const dateAt = (timeMs: number): string => new Date(Math.floor(timeMs / 1000) * 1000).toUTCString()

/** What a process knows whose clock is ahead, after it was told the time at these elapsed times. */
function knowing(
  aheadMs: number,
  toldAtMs: readonly number[],
): { readonly time: StoreTime; pass(toMs: number): void } {
  let elapsedMs = 0
  const clock = { ...fixedClock(), now: () => START_MS + elapsedMs + aheadMs }
  const time = storeTime(clock, () => elapsedMs, false)
  for (const atMs of toldAtMs) {
    elapsedMs = atMs + 2
    learnDate(time, dateAt(START_MS + atMs), atMs, elapsedMs)
  }
  return { time, pass: (toMs) => void (elapsedMs = toMs) }
}

describe('the time of etcd, which tells it in seconds', () => {
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
    learnDate(time, dateAt(START_MS + 3_601_000), 998, 1000)
    expect(Math.abs(time.latestMs() - (START_MS + 3_601_000))).toBeLessThan(1100)
  })

  it.each([null, '', 'yesterday'])('is not learned from %j', (date) => {
    const { time } = knowing(30_000, [])
    learnDate(time, date, 0, 1)
    expect(time.latestMs()).toBe(START_MS + 30_000)
  })
})
