import type { Awaitable, Clock } from '@kube-authn/core'
import type { Secret } from '@kube-authn/core/bootstrap-token'
import { tell, valueOf } from '@kube-authn/core/internal'
import {
  INVALID_SINCE_LABEL,
  LAST_USED_LABEL,
  SERVICE_ACCOUNT_SECRET_TYPE,
} from '@kube-authn/core/service-account'
import { accountOf, seenSecretOf } from '../service-account-tokens/check-secret.ts'
import { type TokenStore, registryTokenStore } from '../service-account-tokens/registry-token-store.ts'
import type { Registry } from '../../registry/registry.ts'
import { configMaps } from '../../registry/resources/config-maps.ts'
import { entriesOf } from '../../registry/resources/data-fields.ts'
import type { ObjectController, ObjectKey } from '../object-controller.ts'
import { configMapKeeper } from '../namespace-objects.ts'
import { pods } from '../../registry/resources/plain.ts'
import { objectsOf, readObject } from '../registry-access.ts'

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
interface IdleSince {
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
function dayOf(timeMs: number): string {
  return new Date(timeMs).toISOString().slice(0, 10)
}

/** The start of a day, in milliseconds since the epoch; `undefined` for an invalid date. */
function timeOfDay(day: string): number | undefined {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(day)) return undefined
  const timeMs = Date.parse(`${day}T00:00:00Z`)
  // Invalid dates such as February 30 are parsed as another day.
  return Number.isNaN(timeMs) || dayOf(timeMs) !== day ? undefined : timeMs
}

const DAY_MS = 86_400_000

/** The ConfigMap that says since when the use of tokens in secrets is recorded. */
const TRACKING_CONFIG_MAP: ObjectKey = {
  resource: configMaps,
  namespace: 'kube-system',
  name: 'kube-apiserver-legacy-service-account-token-tracking',
}

const KEY = 'since'

/** The day since which the use of tokens is recorded; `undefined` if the `data` of the ConfigMap does not say. */
function dayIn(data: unknown): string | undefined {
  const day = entriesOf(data).find(([key]) => key === KEY)?.[1] ?? ''
  return timeOfDay(day) === undefined ? undefined : day
}

/**
 * Keeps the ConfigMap that says since when the use of tokens in secrets is recorded: it is created with the present day, and again if it is deleted. It belongs
 * to the API server, and so is not among the names of `--controllers`.
 *
 * Source: kubernetes `pkg/controlplane/controller/legacytokentracking/controller.go`.
 */
export function tokenTracking(registry: Registry, clock: Clock): ObjectController {
  return configMapKeeper(registry, 'legacy-token-tracking-controller', TRACKING_CONFIG_MAP, (present) =>
    dayIn(present) === undefined ? { [KEY]: dayOf(clock.now()) } : undefined,
  )
}

export interface LegacyTokenControllerOptions extends Omit<
  LegacyTokenCleanup,
  'store' | 'trackedSince' | 'mountedSecrets'
> {
  readonly registry: Registry
}

/** Runs {@link cleanLegacyTokens} once a day, while the ConfigMap exists that says since when the use of tokens is recorded. */
export function legacyTokenController(options: LegacyTokenControllerOptions): ObjectController {
  const { registry } = options
  const cleanup = {
    ...options,
    store: registryTokenStore(registry),
    trackedSince: async () => dayIn((await readObject(registry, TRACKING_CONFIG_MAP))?.['data']),
    mountedSecrets: (namespace: string) => namesInPods(registry, namespace),
  }
  return {
    name: 'legacy-serviceaccount-token-cleaner-controller',
    resources: [configMaps],
    concerns: ({ namespace, name }, object) =>
      object !== undefined &&
      namespace === TRACKING_CONFIG_MAP.namespace &&
      name === TRACKING_CONFIG_MAP.name,
    async reconcile(_, object) {
      if (object === undefined) return {}
      await cleanLegacyTokens(cleanup)
      return { againAfterMs: DAY_MS }
    },
  }
}

async function namesInPods(registry: Registry, namespace: string): Promise<ReadonlySet<string>> {
  const names = new Set<string>()
  for await (const pod of objectsOf(registry, { resource: pods, namespace })) {
    for (const name of mentionedNames(pod['spec'])) names.add(name)
  }
  return names
}

/**
 * Every string in the specification of a pod. A secret that it uses is among them, as a volume of any type, environment variable or image pull secret.
 *
 * Deviation: Kubernetes looks at the fields for secrets only (`docs/deviations.md`, secrets that pods mention).
 */
export function mentionedNames(value: unknown): readonly string[] {
  const names: string[] = []
  // No recursion: a pod may be deep.
  const rest: unknown[] = [value]
  for (let each = rest.pop(); each !== undefined; each = rest.pop()) {
    if (typeof each === 'string') names.push(each)
    else if (typeof each === 'object' && each !== null) {
      for (const inner of Object.values(each)) if (inner !== undefined) rest.push(inner)
    }
  }
  return names
}
