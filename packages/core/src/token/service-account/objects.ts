import { type Awaitable, settle } from '../../internal/awaitable.ts'
import type { CredentialRevocation } from '../../authenticator/credential-revocation.ts'
import { revocationBy } from '../../authenticator/revocation-by.ts'
import { unavailable, isAuthenticationError } from '../../authenticator/errors.ts'
import {
  anIterable,
  type Check,
  checkOptions,
  type OptionsShape,
  withMethods,
} from '../../internal/options/index.ts'
import type { Secret } from '../../internal/secret.ts'

/** The fields that are read of every object that a token can reference. */
export interface NamedObject {
  readonly name: string
  readonly uid: string
  /** `metadata.deletionTimestamp` in milliseconds since the epoch. Absent: the object is not being deleted. */
  readonly deletionTimestampMs?: number
}

/** The parts of a `v1` ServiceAccount that authentication reads. */
export interface ServiceAccount extends NamedObject {
  readonly namespace: string
  /** `metadata.resourceVersion`. Without it, changes since the object was read cannot be detected. */
  readonly resourceVersion?: string
  /** The names in its `secrets`: secrets that were generated for it, not created manually. */
  readonly secrets?: readonly string[]
}

/** The parts of a `v1` Pod that authentication reads. */
export interface Pod extends NamedObject {
  readonly namespace: string
  readonly serviceAccountName?: string
  readonly nodeName?: string
}

/** An object that a token depends on. */
export interface WatchedObject {
  readonly kind: 'ServiceAccount' | 'Secret' | 'Pod' | 'Node'
  /** `''` for a node. */
  readonly namespace: string
  readonly name: string
}

/** Reads the objects that tokens reference. Each function returns `undefined` if the object does not exist, and throws if it cannot be read. */
export interface ServiceAccountObjects {
  /**
   * Calls back whenever an object is created, changed or deleted, and returns a function that stops it. With it, a token is checked again on every request, also if a cache
   * remembers its user, and connections end with its objects: the getters should answer from memory then. Default: what is cached counts.
   */
  watchObject?(object: WatchedObject, onChange: () => void): () => void
  getServiceAccount(namespace: string, name: string): Awaitable<ServiceAccount | undefined>
  getSecret(namespace: string, name: string): Awaitable<Secret | undefined>
  getPod(namespace: string, name: string): Awaitable<Pod | undefined>
  getNode(name: string): Awaitable<NamedObject | undefined>
}

export const serviceAccountGetters: Check = withMethods(
  'getters of objects, as serviceAccountObjects(...) makes',
  'getServiceAccount',
  'getSecret',
  'getPod',
  'getNode',
)

/** The objects of {@link serviceAccountObjects}. */
export interface InitialObjects {
  /** Default: none. */
  readonly serviceAccounts?: Iterable<ServiceAccount>
  /** Secrets that tokens are bound to, or that contain tokens. Default: none. */
  readonly secrets?: Iterable<Secret>
  /** Pods that tokens are bound to. Default: none. */
  readonly pods?: Iterable<Pod>
  /** Nodes that tokens are bound to, or that run such a pod. Default: none. */
  readonly nodes?: Iterable<NamedObject>
}

const shape: OptionsShape<InitialObjects> = {
  serviceAccounts: anIterable,
  secrets: anIterable,
  pods: anIterable,
  nodes: anIterable,
}

/**
 * Objects in memory, for one process and for tests.
 *
 * @throws {ConfigurationError} if one of them is not iterable.
 * @example
 * const objects = serviceAccountObjects({ serviceAccounts: [{ namespace: 'shop', name: 'cart', uid: '1' }] })
 */
export function serviceAccountObjects(initial: InitialObjects = {}): ServiceAccountObjects {
  checkOptions(shape, initial)
  const serviceAccounts = byName(initial.serviceAccounts)
  const secrets = byName(initial.secrets)
  const pods = byName(initial.pods)
  const nodes = byName(initial.nodes)
  return {
    getServiceAccount: (namespace, name) => serviceAccounts.get(keyOf({ namespace, name })),
    getSecret: (namespace, name) => secrets.get(keyOf({ namespace, name })),
    getPod: (namespace, name) => pods.get(keyOf({ namespace, name })),
    getNode: (name) => nodes.get(keyOf({ name })),
  }
}

interface Key {
  readonly namespace?: string
  readonly name: string
}

function byName<T extends Key>(objects: Iterable<T> = []): ReadonlyMap<string, T> {
  return new Map([...objects].map((object) => [keyOf(object), object]))
}

/** Unambiguous for any names. */
function keyOf({ namespace = '', name }: Key): string {
  return JSON.stringify([namespace, name])
}

/**
 * Reads an object and passes it to `next`. A failed read is an outage, not a fault of the token.
 *
 * Deviation: Kubernetes treats a secret, pod or node that cannot be read as deleted (`docs/deviations.md`, lookups of service accounts).
 */
export function readObject<T, R>(
  kind: string,
  read: () => Awaitable<T>,
  next: (object: T) => Awaitable<R>,
): Awaitable<R> {
  return settle(read, next, (error) => {
    if (isAuthenticationError(error)) throw error
    throw unavailable(`the ${kind} of a service account token could not be read`, { cause: error })
  })
}

/** The revocation of a token that ends with objects; `undefined` if these are not watched. */
export function revocationWith(
  objects: Pick<ServiceAccountObjects, 'watchObject'>,
  watched: () => readonly WatchedObject[],
  check: () => Awaitable<void>,
): CredentialRevocation | undefined {
  if (objects.watchObject === undefined) return undefined
  return revocationBy({
    check,
    watch(onChange) {
      const stops = watched().map((each) => objects.watchObject?.(each, onChange))
      return () => {
        for (const stop of stops) stop?.()
      }
    },
  })
}
