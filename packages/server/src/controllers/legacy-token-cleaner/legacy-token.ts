import type { Secret } from '@kube-authn/core/bootstrap-token'
import { valueOf } from '@kube-authn/core/internal'
import {
  INVALID_SINCE_LABEL,
  LAST_USED_LABEL,
  SERVICE_ACCOUNT_SECRET_TYPE,
} from '@kube-authn/core/service-account'

/** The time since which a secret must have been idle to be cleaned up. */
export interface IdleSince {
  /** In milliseconds since the epoch; the secret must have been created before it. */
  readonly timeMs: number
  /** The same as a day in UTC; the last use must have been before it. */
  readonly day: string
}

/**
 * Whether the token of a secret is idle: the secret is old enough and not being deleted, and its label has an earlier last use or is
 * absent. In case of doubt the token is in use.
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

/** The next step for an idle token: it is invalidated, and after another period deleted. */
export function nextStep({ labels }: Secret, { day }: IdleSince): 'invalidate' | 'wait' | 'delete' {
  const invalidSince = valueOf(labels, INVALID_SINCE_LABEL)
  if (timeOfDay(invalidSince) === undefined) return 'invalidate'
  return invalidSince < day ? 'delete' : 'wait'
}

/** The day of a time, in UTC, as in `2030-01-31`. */
export function dayOf(timeMs: number): string {
  return new Date(timeMs).toISOString().slice(0, 10)
}

/** The start of a day, in milliseconds since the epoch; `undefined` for an invalid date. */
export function timeOfDay(day: string): number | undefined {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(day)) return undefined
  const timeMs = Date.parse(`${day}T00:00:00Z`)
  // Invalid dates such as February 30 are parsed as another day.
  return Number.isNaN(timeMs) || dayOf(timeMs) !== day ? undefined : timeMs
}

export const DAY_MS = 86_400_000
