import type { Clock } from '@kube-authn/core'
import { type StoreTime, storeTime } from '../store-time.ts'

/** The time of etcd, as far as this process knows it. The members of etcd have clocks that agree. */
export interface EtcdTime extends Omit<StoreTime, 'learn'> {
  /** An answer with this `Date` arrived, which says in seconds what time it was. */
  learn(date: string | null, sentMs: number, receivedMs: number): void
}

/** @param isTrusted the clock counts whatever etcd says: that of a test. */
export function etcdTime(clock: Clock, elapsedMs: () => number, isTrusted: boolean): EtcdTime {
  const { learn, ...time } = storeTime(clock, elapsedMs, isTrusted)
  return {
    ...time,
    learn(date, sentMs, receivedMs) {
      const fromMs = Date.parse(date ?? '')
      if (!Number.isNaN(fromMs)) learn({ fromMs, toMs: fromMs + 1000, sentMs, receivedMs })
    },
  }
}
