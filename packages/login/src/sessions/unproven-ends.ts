import { RecentMap } from '@kube-authn/core/internal'
import type { Clock } from '@kube-authn/core'
import type { SessionContent } from './session-keeper.ts'

type ProviderSession = Pick<SessionContent, 'provider' | 'providerSession'>

/** Which logouts that anyone may send are recorded, so that they cannot fill the memory. */
export interface UnprovenEnds {
  /** There is a session of this session of the provider. */
  sees(content: ProviderSession): void
  /** Whether to record the end of a session of the provider: always if it was seen here, and of others a limited number. */
  accepts(ended: ProviderSession): boolean
}

/** How many ends of sessions that were not seen here are recorded at a time. */
export const MAX_UNSEEN_ENDS = 10_000
const MAX_SEEN = 100_000

/** @param recordedMs how long a record lives. */
export function unprovenEnds(clock: Clock, recordedMs: number): UnprovenEnds {
  const seen = new RecentMap<number>(MAX_SEEN)
  /** The ends of records, the first to end first. */
  const recorded = new Map<string, number>()

  const forget = (nowMs: number): void => {
    for (const [key, endsAtMs] of recorded) {
      if (endsAtMs > nowMs) return
      recorded.delete(key)
    }
  }

  return {
    sees(content) {
      if (content.providerSession !== undefined) seen.set(endKey(content), 1)
    },
    accepts(ended) {
      const key = endKey(ended)
      if (seen.get(key) !== undefined || recorded.has(key)) return true
      const nowMs = clock.now()
      forget(nowMs)
      if (recorded.size >= MAX_UNSEEN_ENDS) return false
      recorded.set(key, nowMs + recordedMs)
      return true
    },
  }
}

function endKey({ provider, providerSession }: ProviderSession): string {
  return JSON.stringify([provider, providerSession])
}
