import type { Clock } from './clock.ts'

/** The time of a store elsewhere, as far as this process knows it. All times are in milliseconds. */
export interface StoreTime {
  /** An answer says that it was at least one time and at most another between the question and the answer, which are elapsed times. */
  learn(this: void, told: Readonly<Record<'fromMs' | 'toMs' | 'sentMs' | 'receivedMs', number>>): void
  /** Now. */
  nowMs(): number
  /** Now, and not later than it is: for how long an object lives until a given time. */
  earliestMs(): number
  /** Now, and not earlier than it is: for the end of an object that is written. */
  latestMs(): number
  /** The elapsed time at which it is surely this time: for the end of an object that was read. */
  elapsedAt(timeMs: number): number
  /** How far the clock of this process is ahead of it, at least; below 0 if it is behind, 0 if they may agree. */
  clockOffsetMs(): number
}

/** Clocks may drift apart by that much of the elapsed time. */
const DRIFT = 1e-4
/** A clock that is no more wrong than this counts as it is. */
const RIGHT_MS = 1000

/**
 * The clocks of replicas may be wrong. Each answer of the store says what time it was between the request and the answer, so the answers together tell it more and more
 * precisely. The clock of this process counts as long as it does not contradict them.
 *
 * @param isTrusted the clock counts whatever the store says: that of a test.
 */
export function storeTime(clock: Clock, elapsedMs: () => number, isTrusted: boolean): StoreTime {
  /** What the time of the store is more than the elapsed time, at least and at most. */
  let least = -Infinity
  let most = Infinity
  let learnedMs = elapsedMs()

  const own = (): number => clock.now() - elapsedMs()
  const agrees = (toleranceMs = 0): boolean =>
    isTrusted || (own() >= least - toleranceMs && own() <= most + toleranceMs)
  const middle = (): number => (most === Infinity ? least : least === -Infinity ? most : (least + most) / 2)

  return {
    learn({ fromMs, toMs, sentMs, receivedMs }) {
      const drift = Math.max(0, receivedMs - learnedMs) * DRIFT
      learnedMs = receivedMs
      const from = fromMs - receivedMs
      const to = toMs - sentMs
      least = Math.max(least - drift, from)
      most = Math.min(most + drift, to)
      // The clock of the store was set, or another server answered.
      if (least > most) [least, most] = [from, to]
    },
    nowMs: () => (agrees(RIGHT_MS) ? clock.now() : elapsedMs() + middle()),
    earliestMs: () => (isTrusted || least === -Infinity ? clock.now() : elapsedMs() + least),
    latestMs: () => elapsedMs() + (agrees() ? own() : most),
    elapsedAt: (timeMs) => timeMs - (agrees() ? own() : least),
    clockOffsetMs: () => (isTrusted ? 0 : Math.max(0, own() - most) + Math.min(0, own() - least)),
  }
}

/** Learns from the `Date` of an answer, which says in seconds what time it was. */
export function learnDate(
  { learn }: StoreTime,
  date: string | null,
  sentMs: number,
  receivedMs: number,
): void {
  const fromMs = Date.parse(date ?? '')
  if (!Number.isNaN(fromMs)) learn({ fromMs, toMs: fromMs + 1000, sentMs, receivedMs })
}
