import type { Clock } from '@kube-authn/core'
import { rfc3339Of } from '@kube-authn/internal/rfc3339'
import { StoreError } from '../store-error.ts'
import type { Freshness } from './freshness.ts'

export interface OutageReports {
  /** Since when changes may be missing, in milliseconds since the epoch; `undefined` while none are. */
  sinceMs(): number | undefined
  /** @param isUnavailable whether the copy is too old to be used. @returns whether it was reported. */
  failed(cause: unknown, isUnavailable: boolean): boolean
  /** @returns how long it took, in milliseconds; `undefined` if none was reported. */
  ended(): number | undefined
}

/** An outage that goes on and off is one, if its failures are not further apart. */
const QUIET_MS = 30_000

/**
 * Reports an outage when it begins, and again when it makes the copy unavailable: attempts that fail in between tell nothing new. `ended` says how long one took that was reported.
 *
 * @param what as in `service accounts`.
 */
export function outageReports(
  what: string,
  clock: Clock,
  age: Freshness,
  report: (error: StoreError) => void,
): OutageReports {
  let sinceMs: number | undefined
  let lastMs: number | undefined
  let saidUnavailable = false
  let isReported = false
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
      if (!isNew && !isWorse) return false
      isReported = true
      const why = cause instanceof StoreError ? ` (${cause.message})` : ''
      const then = isUnavailable ? '; what needs them is refused as unavailable' : ''
      const message = `${what} are those of ${rfc3339Of(sinceMs)}: their changes cannot be followed${why}${then}`
      report(new StoreError('storeUnavailable', message, cause))
      return true
    },
    ended() {
      const tookMs = isReported && sinceMs !== undefined ? Math.max(0, clock.now() - sinceMs) : undefined
      sinceMs = undefined
      isReported = false
      return tookMs
    },
  }
}
