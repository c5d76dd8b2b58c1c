import type { Clock } from '@kube-authn/core'
import { systemClock } from '@kube-authn/core/internal'
import type { ObjectStore } from './object-store.ts'

export { learnDate, type StoreTime, storeTime } from '@kube-authn/core/internal'

/** The time by which the objects of a store end. */
export function storeNow(store: Pick<ObjectStore, 'now'>): number {
  return store.now?.() ?? systemClock.now()
}

/** The clock of what is in a store: its replicas agree on it, although their own clocks are wrong. Its timers are those of the runtime. */
export function storeClock(store: Pick<ObjectStore, 'now'>): Clock {
  return { now: () => storeNow(store), after: (...given) => systemClock.after(...given) }
}

/**
 * The time that lives are measured with. The runtime's clock can be set back or forward, so its own time, which only goes on, is taken instead; the time of a clock that
 * was given is what its giver wants it to be.
 */
export function elapsedTimeOf(given: Clock | undefined): () => number {
  return given === undefined ? () => performance.now() : () => given.now()
}
