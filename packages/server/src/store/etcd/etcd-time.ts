import type { Clock } from '@kube-authn/core'

/** The time of etcd, as far as this process knows it. All times are in milliseconds. */
export interface EtcdTime {
  /** An answer with this `Date` arrived. */
  learn(date: string | null, sentMs: number, receivedMs: number): void
  /** Now, and not earlier than it is: for the end of an object that is written. */
  latestMs(): number
  /** The elapsed time at which it is surely this time: for the end of an object that was read. */
  elapsedAt(timeMs: number): number
}

/** Clocks may drift apart by that much of the elapsed time. */
const DRIFT = 1e-4

/**
 * The members of etcd have clocks that agree; those of replicas may be wrong. Each answer says in seconds what time it was between the request and the answer, so the
 * answers together tell it more and more precisely. The clock of this process counts as long as it does not contradict them.
 *
 * @param isTrusted the clock counts whatever etcd says: that of a test.
 */
export function etcdTime(clock: Clock, elapsedMs: () => number, isTrusted: boolean): EtcdTime {
  /** What the time of etcd is more than the elapsed time, at least and at most. */
  let least = -Infinity
  let most = Infinity
  let learnedMs = elapsedMs()

  const own = (): number => clock.now() - elapsedMs()
  const agrees = (): boolean => isTrusted || (own() >= least && own() <= most)

  return {
    learn(date, sentMs, receivedMs) {
      const secondMs = Date.parse(date ?? '')
      if (Number.isNaN(secondMs)) return
      const drift = Math.max(0, receivedMs - learnedMs) * DRIFT
      learnedMs = receivedMs
      const from = secondMs - receivedMs
      const to = secondMs + 1000 - sentMs
      least = Math.max(least - drift, from)
      most = Math.min(most + drift, to)
      // The clock of etcd was set, or another member answered.
      if (least > most) [least, most] = [from, to]
    },
    latestMs: () => elapsedMs() + (agrees() ? own() : most),
    elapsedAt: (timeMs) => timeMs - (agrees() ? own() : least),
  }
}
