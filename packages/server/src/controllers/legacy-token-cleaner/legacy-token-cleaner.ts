import type { Awaitable, Clock } from '@kube-authn/core'
import { aClock, type Check, must, report, systemClock, withMethods } from '@kube-authn/core/internal'
import { aFunction, checkOptions, type OptionsShape, required } from '@kube-authn/core/adapter'
import { INVALID_SINCE_LABEL } from '@kube-authn/core/service-account'
import type { Secret } from '@kube-authn/core/bootstrap-token'
import { accountOf, seenSecretOf } from '../service-account-tokens/check-secret.ts'
import { DAY_MS, dayOf, type IdleSince, isIdle, nextStep, timeOfDay } from './legacy-token.ts'
import type { ServiceAccountGetter, TokenSecretStore } from '../stores.ts'

/** Options of {@link legacyTokenCleaner}. */
export interface LegacyTokenCleanerOptions {
  /** The secrets with tokens, and their service accounts. */
  readonly store: TokenSecretStore & ServiceAccountGetter
  /**
   * The day, in UTC, since which the use of tokens is recorded on their secrets, as in `2030-01-31`: `since` in the ConfigMap
   * `kube-system/kube-apiserver-legacy-service-account-token-tracking`. `undefined`: it is not recorded, and nothing is cleaned up.
   */
  readonly trackedSince: () => Awaitable<string | undefined>
  /** The names of the secrets that pods of a namespace reference: as volumes, environment variables and image pull secrets. */
  readonly mountedSecrets: (namespace: string) => Awaitable<Iterable<string>>
  /**
   * How long a token must be idle to be invalidated, and how long after that its secret is deleted
   * (`--legacy-service-account-token-clean-up-period`). Default 31,536,000, a year. At most a hundred years.
   */
  readonly cleanUpPeriodSeconds?: number
  /** The time between two runs. Default 86,400, a day. At most a year. */
  readonly intervalSeconds?: number
  /** Default: the runtime's clock. */
  readonly clock?: Clock
  /** Called with errors of reading and writing. The next run tries again. */
  readonly onError?: (error: unknown) => void
}

const HUNDRED_YEARS_SECONDS = 100 * 365 * 86_400
const YEAR_SECONDS = 365 * 86_400

/** The check of {@link LegacyTokenCleanerOptions.cleanUpPeriodSeconds}. */
export const aCleanUpPeriod: Check = must(
  'must be above 0 and at most a hundred years',
  (value) => typeof value === 'number' && value > 0 && value <= HUNDRED_YEARS_SECONDS,
)

const shape: OptionsShape<LegacyTokenCleanerOptions> = {
  store: required(withMethods('a store of service accounts and secrets', 'getServiceAccount', 'listSecrets')),
  trackedSince: required(aFunction),
  mountedSecrets: required(aFunction),
  cleanUpPeriodSeconds: aCleanUpPeriod,
  intervalSeconds: must(
    'must be above 0 and at most a year',
    (value) => typeof value === 'number' && value > 0 && value <= YEAR_SECONDS,
  ),
  clock: aClock,
  onError: aFunction,
}

/** Cleans up unused tokens that were generated for service accounts. */
export interface LegacyTokenCleaner {
  /** Checks every secret once. Calls during a run wait for its end. */
  clean(): Promise<void>
  /** Cleans now and then once per interval. */
  start(): void
  /** Cancels all further runs. */
  stop(): void
}

/**
 * Cleans up tokens in secrets that were generated for a service account (its `secrets` names them) and are idle: neither created nor used
 * within a year, and not referenced by a pod. Such a token is first invalidated, which can be undone by removing the label. After another
 * year its secret is deleted. Manually created secrets are never changed, nor are secrets whose origin is unclear.
 *
 * Source: kubernetes `pkg/controller/serviceaccount/legacy_serviceaccount_token_cleaner.go`; KEP-2799.
 *
 * @throws {ConfigurationError} if an option is invalid.
 * @example
 * const cleaner = legacyTokenCleaner({ store, trackedSince: () => '2030-01-31', mountedSecrets: () => [] })
 * cleaner.start()
 */
export function legacyTokenCleaner(options: LegacyTokenCleanerOptions): LegacyTokenCleaner {
  checkOptions(shape, options)
  const { store, trackedSince, mountedSecrets, clock = systemClock, onError } = options
  const { cleanUpPeriodSeconds = 365 * 86_400, intervalSeconds = 86_400 } = options
  const periodMs = cleanUpPeriodSeconds * 1000
  let running: Promise<void> | undefined
  let callOff: (() => void) | undefined
  let isStarted = false
  let isStopped = false

  const cleanAll = async (): Promise<void> => {
    if (isStopped) return
    const nowMs = clock.now()
    if (!isTrackedFor(periodMs, await trackedSince(), nowMs)) return
    const since = { timeMs: nowMs - periodMs, day: dayOf(nowMs - periodMs) }
    const isMounted = mountedOnce(mountedSecrets)
    for await (const secret of await store.listSecrets()) {
      if (isStopped) return
      try {
        if (await isUnused(secret, since, isMounted)) await act(secret, since, nowMs)
      } catch (error) {
        report(onError, error)
      }
    }
  }

  const isUnused = async (
    secret: Secret,
    since: IdleSince,
    isMounted: (secret: Secret) => Promise<boolean>,
  ): Promise<boolean> => {
    const seen = isIdle(secret, since) ? seenSecretOf(secret) : undefined
    if (seen === undefined) return false
    const account = await accountOf(seen, store)
    return account?.secrets?.includes(secret.name) === true && !(await isMounted(secret))
  }

  const act = async (secret: Secret, since: IdleSince, nowMs: number): Promise<void> => {
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

  const clean = (): Promise<void> => {
    running ??= cleanAll()
      .catch((error: unknown) => report(onError, error))
      .finally(() => {
        running = undefined
      })
    return running
  }

  const cleanAndComeBack = async (): Promise<void> => {
    await clean()
    if (!isStopped) callOff = clock.after(intervalSeconds * 1000, () => void cleanAndComeBack())
  }

  return {
    clean,
    start() {
      if (!isStarted && !isStopped) void cleanAndComeBack()
      isStarted = true
    },
    stop() {
      isStopped = true
      callOff?.()
    },
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
  mountedSecrets: LegacyTokenCleanerOptions['mountedSecrets'],
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
