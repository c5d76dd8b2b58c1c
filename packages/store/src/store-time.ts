import type { Clock } from '@kube-authn/core'
import { systemClock } from '@kube-authn/core/internal'
import type { ObjectStore } from './object-store.ts'

/** The time by which the objects of a store end. */
export function storeNow(store: Pick<ObjectStore, 'now'>): number {
  return store.now?.() ?? systemClock.now()
}

/** The clock of what is in a store: its replicas agree on it, although their own clocks are wrong. Its timers are those of the runtime. */
export function storeClock(store: Pick<ObjectStore, 'now'>): Clock {
  return { now: () => storeNow(store), after: (...given) => systemClock.after(...given) }
}
