import type { Awaitable } from '../../internal/awaitable.ts'
import { type Clock, systemClock } from '../../internal/clock.ts'
import {
  aClock,
  aFunction,
  checkOptions,
  must,
  type OptionsShape,
  required,
  withMethods,
} from '../../internal/options/index.ts'
import { report } from '../../internal/report.ts'
import type { Secret } from '../../internal/secret.ts'
import { INVALID_SINCE_LABEL } from '../service-account/legacy-claims.ts'
import { accountOf, seenSecretOf } from './check-secret.ts'
import { DAY_MS, dayOf, type IdleSince, isIdle, nextStep, timeOfDay } from './legacy-token.ts'
import type { ServiceAccountGetter, TokenSecretStore } from './store.ts'

/** Options of {@link legacyTokenCleaner}. */
export interface LegacyTokenCleanerOptions {
  readonly store: TokenSecretStore & ServiceAccountGetter
  /**
   * The day, in UTC, since when every use of a token is written on its secret, as in `2030-01-31`: `since` in the ConfigMap
   * `kube-system/kube-apiserver-legacy-service-account-token-tracking`. `undefined`: that is not done, and nothing is cleaned up.
   */
  readonly trackedSince: () => Awaitable<string | undefined>
  /** The names of the secrets that pods of a namespace mention: in volumes, in variables, and to pull images with. */
  readonly mountedSecrets: (namespace: string) => Awaitable<Iterable<string>>
  /**
   * How long a token must have been idle to become invalid, and how long it stays after that
   * (`--legacy-service-account-token-clean-up-period`). Default 31,536,000, a year. At most a hundred years.
   */
  readonly cleanUpPeriodSeconds?: number
  /** Default 86,400, a day. At most a year. */
  readonly intervalSeconds?: number
  /** Default: the runtime's clock. */
  readonly clock?: Clock
  /** Told of what could not be read or written. It is looked at again the next time. */
  readonly onError?: (error: unknown) => void
}

const HUNDRED_YEARS_SECONDS = 100 * 365 * 86_400
const YEAR_SECONDS = 365 * 86_400

const shape: OptionsShape<LegacyTokenCleanerOptions> = {
  store: required(withMethods('a store of service accounts and secrets', 'getServiceAccount', 'listSecrets')),
  trackedSince: required(aFunction),
  mountedSecrets: required(aFunction),
  cleanUpPeriodSeconds: must(
    'must be above 0 and at most a hundred years',
    (value) => typeof value === 'number' && value > 0 && value <= HUNDRED_YEARS_SECONDS,
  ),
  intervalSeconds: must(
    'must be above 0 and at most a year',
    (value) => typeof value === 'number' && value > 0 && value <= YEAR_SECONDS,
  ),
  clock: aClock,
  onError: aFunction,
}

/** Cleans up tokens that were made for service accounts and that nobody uses. */
export interface LegacyTokenCleaner {
  /** Looks at every secret once. Who calls while that goes on waits for its end. */
  clean(): Promise<void>
  /** Cleans now, and each time the interval has passed after that. */
  start(): void
  /** Calls off everything that is still to come. */
  stop(): void
}

/**
 * Cleans up tokens that are kept in secrets, if they were made for a service account (its `secrets` names them) and are idle: not made or used
 * for a year, and mentioned by no pod. First such a token becomes invalid, which whoever needs it can undo by removing the label. After
 * another year its secret is deleted. Secrets that were made by hand are never touched, nor is anything of which that cannot be told.
 *
 * Source: kubernetes `pkg/controller/serviceaccount/legacy_serviceaccount_token_cleaner.go`; KEP-2799.
 *
 * @throws {ConfigurationError} when a time is no time.
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
    for (const secret of await store.listSecrets()) {
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
    // A use in the meantime changes the version.
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

/** The day itself does not count, since the writing began some time in it. */
function isTrackedFor(periodMs: number, day: string | undefined, nowMs: number): boolean {
  if (day === undefined) return false
  const beginMs = timeOfDay(day)
  if (beginMs === undefined) throw new Error('the day since when the use of tokens is tracked cannot be read')
  return nowMs >= beginMs + DAY_MS + periodMs
}

/** Whether pods mention a secret; the pods of a namespace are asked once. */
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
