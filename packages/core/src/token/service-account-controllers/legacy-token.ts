import { type Secret, valueOf } from '../../internal/secret.ts'
import { INVALID_SINCE_LABEL, LAST_USED_LABEL } from '../service-account/legacy-claims.ts'
import { SERVICE_ACCOUNT_SECRET_TYPE } from '../service-account/username.ts'

/** Since when a secret must have been idle to be cleaned up. */
export interface IdleSince {
  /** It must be older than this, in milliseconds since the epoch. */
  readonly timeMs: number
  /** The day of that, in UTC: the last use must have been before it. */
  readonly day: string
}

/**
 * Whether this is a secret with a token that nobody used for long: it is old, it is not going away already, and its label says that it was
 * last used before, or there is no label. Where that cannot be told it is in use.
 *
 * Source: kubernetes `pkg/controller/serviceaccount/legacy_serviceaccount_token_cleaner.go`.
 */
export function isIdle(secret: Secret, { timeMs, day }: IdleSince): boolean {
  const { type, creationTimestampMs, deletionTimestampMs, labels } = secret
  if (type !== SERVICE_ACCOUNT_SECRET_TYPE || deletionTimestampMs !== undefined) return false
  if (creationTimestampMs === undefined || !(creationTimestampMs < timeMs)) return false
  if (labels === undefined || !Object.hasOwn(labels, LAST_USED_LABEL)) return true
  const lastUsed = valueOf(labels, LAST_USED_LABEL)
  return timeOfDay(lastUsed) !== undefined && lastUsed < day
}

/** What is to be done with an idle token: first it becomes invalid, and when it was that for as long, it goes. */
export function nextStep({ labels }: Secret, { day }: IdleSince): 'invalidate' | 'wait' | 'delete' {
  const invalidSince = valueOf(labels, INVALID_SINCE_LABEL)
  if (timeOfDay(invalidSince) === undefined) return 'invalidate'
  return invalidSince < day ? 'delete' : 'wait'
}

/** The day of a time, in UTC, as in `2030-01-31`. */
export function dayOf(timeMs: number): string {
  return new Date(timeMs).toISOString().slice(0, 10)
}

/** When a day begins, in milliseconds since the epoch; `undefined` for what is no day. */
export function timeOfDay(day: string): number | undefined {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(day)) return undefined
  const timeMs = Date.parse(`${day}T00:00:00Z`)
  // What is no date, as the 30th of February, becomes another one.
  return Number.isNaN(timeMs) || dayOf(timeMs) !== day ? undefined : timeMs
}

/** A day in milliseconds. */
export const DAY_MS = 86_400_000
