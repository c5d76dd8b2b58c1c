import type { Clock } from '@kube-authn/core'
import { rfc3339Of } from '@kube-authn/internal/rfc3339'
import { StoreError } from '../store-error.ts'
import type { Freshness } from './freshness.ts'

/** An outage that goes on and off is one, if its failures are not further apart. */
const QUIET_MS = 30_000

/** The times in which a store cannot be followed. */
export interface Outages {
  /** Since when changes may be missing, in milliseconds since the epoch; `undefined` while none are. */
  readonly sinceMs: () => number | undefined
  /** @param isUnavailable whether the copy is too old to be used. */
  failed(cause: unknown, isUnavailable: boolean): void
  ended(): void
}

/**
 * Reports an outage when it begins, and again when it makes the copy unavailable: attempts that fail in between tell nothing new.
 *
 * @param what as in `service accounts`.
 */
export function outages(
  what: string,
  clock: Clock,
  age: Freshness,
  report: (error: StoreError) => void,
): Outages {
  let sinceMs: number | undefined
  let lastMs: number | undefined
  let saidUnavailable = false
  return {
    sinceMs: () => sinceMs,
    failed(cause, isUnavailable) {
      const nowMs = clock.now()
      sinceMs ??= age.confirmedMs ?? nowMs
      // The clock may have been set back.
      const isNew = lastMs === undefined || Math.abs(nowMs - lastMs) >= QUIET_MS
      lastMs = nowMs
      const isWorse = isUnavailable && !saidUnavailable
      saidUnavailable = isUnavailable
      if (!isNew && !isWorse) return
      const why = cause instanceof StoreError ? ` (${cause.message})` : ''
      const then = isUnavailable ? '; what needs them is refused as unavailable' : ''
      const message = `${what} are those of ${rfc3339Of(sinceMs)}: their changes cannot be followed${why}${then}`
      report(new StoreError('storeUnavailable', message, cause))
    },
    ended() {
      sinceMs = undefined
    },
  }
}
