import { type Awaitable, settle } from '../../internal/awaitable.ts'
import { unavailable, isAuthenticationError } from '../../authenticator/errors.ts'
import {
  anIterable,
  type Check,
  checkOptions,
  type OptionsShape,
  withMethods,
} from '../../internal/options/index.ts'
import type { Secret } from '../../internal/secret.ts'

/** What is read of every object that a token can name. */
export interface NamedObject {
  readonly name: string
  readonly uid: string
  /** When it goes or went away, in milliseconds since the epoch. Absent: nobody asked for that. */
  readonly deletionTimestampMs?: number
}

/** The parts of a `v1` ServiceAccount that authentication reads. */
export interface ServiceAccount extends NamedObject {
  readonly namespace: string
  /** What the store calls this version of it. Without it nobody can tell whether it changed since it was read. */
  readonly resourceVersion?: string
  /** The names of the secrets in its `secrets`: those that were made for it, not by hand. */
  readonly secrets?: readonly string[]
}

/** The parts of a `v1` Pod that authentication reads. */
export interface Pod extends NamedObject {
  readonly namespace: string
  readonly serviceAccountName?: string
  readonly nodeName?: string
}

/**
 * Where the objects are that tokens name. Each function gives `undefined` when there is no such object, and throws when that cannot
 * be told.
 */
export interface ServiceAccountObjects {
  getServiceAccount(namespace: string, name: string): Awaitable<ServiceAccount | undefined>
  getSecret(namespace: string, name: string): Awaitable<Secret | undefined>
  getPod(namespace: string, name: string): Awaitable<Pod | undefined>
  getNode(name: string): Awaitable<NamedObject | undefined>
}

/** The check of a {@link ServiceAccountObjects}. */
export const serviceAccountGetters: Check = withMethods(
  'getters of objects, as serviceAccountObjects(...) makes',
  'getServiceAccount',
  'getSecret',
  'getPod',
  'getNode',
)

/** What {@link serviceAccountObjects} starts with. */
export interface InitialObjects {
  readonly serviceAccounts?: Iterable<ServiceAccount>
  readonly secrets?: Iterable<Secret>
  readonly pods?: Iterable<Pod>
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
 * @throws {ConfigurationError} when they are not lists.
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

/** Whatever is in the names: two objects never have one key. */
function keyOf({ namespace = '', name }: Key): string {
  return JSON.stringify([namespace, name])
}

/**
 * Reads an object and goes on with it. That it cannot be read is an outage, and no fault of the token.
 *
 * Deviation: Kubernetes takes a secret, pod or node that cannot be read for one that is gone (`docs/deviations.md`, lookups of service
 * accounts).
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
