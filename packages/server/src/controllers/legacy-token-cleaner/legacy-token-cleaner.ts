import type { Awaitable, Clock } from '@kube-authn/core'
import type { Secret } from '@kube-authn/core/bootstrap-token'
import { tell, valueOf } from '@kube-authn/core/internal'
import {
  INVALID_SINCE_LABEL,
  LAST_USED_LABEL,
  SERVICE_ACCOUNT_SECRET_TYPE,
} from '@kube-authn/core/service-account'
import { accountOf, seenSecretOf } from '../service-account-tokens/check-secret.ts'
import type { TokenStore } from '../service-account-tokens/registry-token-store.ts'

/** Options of {@link cleanLegacyTokens}. */
export interface LegacyTokenCleanup {
  /** The secrets with tokens, and their service accounts. */
  readonly store: TokenStore
  /**
   * The day, in UTC, since which the use of tokens is recorded on their secrets, as in `2030-01-31`: `since` in the ConfigMap
   * `kube-system/kube-apiserver-legacy-service-account-token-tracking`. `undefined`: it is not recorded, and nothing is cleaned up.
   */
  readonly trackedSince: () => Awaitable<string | undefined>
  /** The names of the secrets that pods of a namespace reference: as volumes, environment variables and image pull secrets. */
  readonly mountedSecrets: (namespace: string) => Awaitable<Iterable<string>>
  /** How long a token must be idle to be invalidated, and how long after that its secret is deleted. Default 31,536,000, a year. */
  readonly cleanUpPeriodSeconds?: number | undefined
  readonly clock: Clock
  /** Ends the run. */
  readonly signal: AbortSignal
  /** Called with errors of reading and writing. The next run tries again. */
  readonly onError: (error: unknown) => void
}

const YEAR_SECONDS = 365 * 86_400

/**
 * Cleans up tokens in secrets that were generated for a service account (its `secrets` names them) and are idle: neither created nor used
 * within a year, and not referenced by a pod. Such a token is first invalidated, which can be undone by removing the label. After another
 * year its secret is deleted. Manually created secrets are never changed, nor are secrets whose origin is unclear.
 *
 * Source: kubernetes `pkg/controller/serviceaccount/legacy_serviceaccount_token_cleaner.go`; KEP-2799.
 */
export async function cleanLegacyTokens(options: LegacyTokenCleanup): Promise<void> {
  const {
    store,
    trackedSince,
    mountedSecrets,
    cleanUpPeriodSeconds = YEAR_SECONDS,
    signal,
    onError,
  } = options
  const nowMs = options.clock.now()
  const periodMs = cleanUpPeriodSeconds * 1000
  const isMounted = mountedOnce(mountedSecrets)
  try {
    if (signal.aborted || !isTrackedFor(periodMs, await trackedSince(), nowMs)) return
    const since = { timeMs: nowMs - periodMs, day: dayOf(nowMs - periodMs) }
    for await (const secret of await store.listSecrets()) {
      if (signal.aborted) return
      try {
        if (await isUnused(secret, since, store, isMounted)) await cleanUp(secret, since, store, nowMs)
      } catch (error) {
        tell(onError, error)
      }
    }
  } catch (error) {
    tell(onError, error)
  }
}

async function isUnused(
  secret: Secret,
  since: IdleSince,
  store: TokenStore,
  isMounted: (secret: Secret) => Promise<boolean>,
): Promise<boolean> {
  const seen = isIdle(secret, since) ? seenSecretOf(secret) : undefined
  if (seen === undefined) return false
  const account = await accountOf(seen, store)
  return account?.secrets?.includes(secret.name) === true && !(await isMounted(secret))
}

async function cleanUp(secret: Secret, since: IdleSince, store: TokenStore, nowMs: number): Promise<void> {
  const { namespace, name, uid, resourceVersion } = secret
  // A use in the meantime changes the resource version.
  const asRead = { uid, resourceVersion }
  const step = nextStep(secret, since)
  if (step === 'delete') await store.deleteSecret(namespace, name, asRead)
  if (step === 'invalidate') {
    const labels = { [INVALID_SINCE_LABEL]: dayOf(nowMs) }
    await store.patchSecret(namespace, name, { labels }, asRead)
  }
}

/** The first day does not count, since tracking began at some time within it. */
function isTrackedFor(periodMs: number, day: string | undefined, nowMs: number): boolean {
  if (day === undefined) return false
  const beginMs = timeOfDay(day)
  if (beginMs === undefined) throw new Error('trackedSince did not return a date such as 2030-01-31')
  return nowMs >= beginMs + DAY_MS + periodMs
}

/** Whether pods reference a secret. Each namespace is read once. */
function mountedOnce(
  mountedSecrets: LegacyTokenCleanup['mountedSecrets'],
): (secret: Secret) => Promise<boolean> {
  const byNamespace = new Map<string, Promise<ReadonlySet<string>>>()
  const read = async (namespace: string): Promise<ReadonlySet<string>> =>
    new Set(await mountedSecrets(namespace))
  return async ({ namespace, name }) => {
    const names = byNamespace.get(namespace) ?? read(namespace)
    byNamespace.set(namespace, names)
    return (await names).has(name)
  }
}

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
function isIdle(secret: Secret, { timeMs, day }: IdleSince): boolean {
  const { type, creationTimestampMs, deletionTimestampMs, labels } = secret
  if (type !== SERVICE_ACCOUNT_SECRET_TYPE || deletionTimestampMs !== undefined) return false
  if (creationTimestampMs === undefined || !(creationTimestampMs < timeMs)) return false
  if (labels === undefined || !Object.hasOwn(labels, LAST_USED_LABEL)) return true
  const lastUsed = valueOf(labels, LAST_USED_LABEL)
  return timeOfDay(lastUsed) !== undefined && lastUsed < day
}

/** The next step for an idle token: it is invalidated, and after another period deleted. */
function nextStep({ labels }: Secret, { day }: IdleSince): 'invalidate' | 'wait' | 'delete' {
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
