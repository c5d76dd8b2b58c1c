import type { Clock } from '@kube-authn/core'
import { rfc3339Of } from '@kube-authn/internal/rfc3339'
import { StoreError } from '../store-error.ts'

/** An outage that goes on and off is one, if its failures are not further apart. */
const QUIET_MS = 30_000

/** A failure to follow a store. */
export interface FollowFailure {
  readonly cause: unknown
  /** Since when changes may be missing, in milliseconds since the epoch. */
  readonly sinceMs: number
  /** Whether the copy is too old to be used. */
  readonly isUnavailable: boolean
}

/**
 * Reports an outage when it begins, and again when it makes the copy unavailable: attempts that fail in between tell nothing new.
 *
 * @param what as in `service accounts`.
 */
export function outageReports(
  what: string,
  clock: Clock,
  report: (error: StoreError) => void,
): (failure: FollowFailure) => void {
  let lastMs: number | undefined
  let saidUnavailable = false
  return (failure) => {
    const nowMs = clock.now()
    // The clock may have been set back.
    const isNew = lastMs === undefined || Math.abs(nowMs - lastMs) >= QUIET_MS
    lastMs = nowMs
    const isWorse = failure.isUnavailable && !saidUnavailable
    saidUnavailable = failure.isUnavailable
    if (isNew || isWorse) report(outage(what, failure))
  }
}

function outage(what: string, { cause, sinceMs, isUnavailable }: FollowFailure): StoreError {
  const why = cause instanceof StoreError ? ` (${cause.message})` : ''
  const then = isUnavailable ? '; what needs them is refused as unavailable' : ''
  const message = `${what} are those of ${rfc3339Of(sinceMs)}: their changes cannot be followed${why}${then}`
  return new StoreError('storeUnavailable', message, cause)
}
