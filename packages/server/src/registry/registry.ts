import type { Clock } from '@kube-authn/core'
import { alwaysDeny, type Authorizer } from '@kube-authn/core/authorization'
import { rulesOf } from '@kube-authn/core/internal'
import { rfc3339Of } from '@kube-authn/internal/rfc3339'
import type { StoredRbac } from '../rbac/stored-rbac.ts'
import type { Lifetime, ObjectStore, StoreChange, StoredObject } from '@kube-authn/store'
import { delay, forwardedStore, storeClock } from '@kube-authn/store/internal'
import { findObject } from './change-object.ts'
import { createObject, type Place } from './create-object.ts'
import { deletions } from './delete-objects.ts'
import type { KubeObject } from './kube-object.ts'
import {
  listObjects,
  listStored,
  type ObjectList,
  type PageOptions,
  type StoredPage,
} from './list-objects.ts'
import { SYSTEM_NAMESPACES } from './namespace-lifecycle.ts'
import { type Replacement, replaceObject, requirePlace, requireUid } from './replace-object.ts'
import {
  type Action,
  type ActionSubresource,
  apiVersionOf,
  type Preconditions,
  type Resource,
  type Services,
  type Target,
  type WriteOptions,
} from './resource.ts'
import type { ObjectQuota } from './object-quota.ts'
import { namespaces } from './resources/namespaces.ts'
import { seenChanges, type KubeWatchEvent, watchObjects, type WatchQuery } from './watch-objects.ts'
import { type Collection, selectsOf } from './selectors.ts'
import { isConflict, tooLargeVersion, translated } from './status-errors.ts'
import { fromStored, keyPrefix, readStored } from './stored-objects.ts'

/** Reads and writes objects of all resources, by the rules of the API server. Every method rejects with a `StatusError`. */
export interface Registry {
  /** @throws {StatusError} 404 */
  get(target: Target): Promise<KubeObject>
  /** @throws {StatusError} 400, 410 */
  list(collection: Collection, page?: PageOptions): Promise<ObjectList>
  /** The same as it is stored, to be read one by one. @throws {StatusError} 400, 410 */
  listStored(collection: Collection, page?: PageOptions): Promise<StoredPage>
  /** @throws {StatusError} 400, 403, 404, 409, 413, 422 */
  create(place: Place, object: KubeObject, options?: WriteOptions): Promise<KubeObject>
  /**
   * Replaces an object, or the part of it that the target names. Without a `resourceVersion` in it, whatever version there is.
   *
   * @throws {StatusError} 400, 403, 404, 409, 422
   */
  update(target: Target, replacement: Replacement, options?: WriteOptions): Promise<KubeObject>
  /** Replaces an object as `update` does, or creates it if the resource allows that. */
  put(
    target: Target,
    object: KubeObject,
    options?: WriteOptions,
  ): Promise<{ readonly object: KubeObject; readonly isCreated: boolean }>
  /** Resolves to the object as it was, or as it is while finalizers keep it. @throws {StatusError} 403, 404, 409 */
  delete(target: Target, preconditions?: Preconditions, options?: WriteOptions): Promise<KubeObject>
  /** Does something with an object. @throws {StatusError} */
  act(
    subresource: ActionSubresource,
    action: Omit<Action, 'caller' | 'services'>,
    options?: WriteOptions,
  ): Promise<object>
  /** Changes since a version. @throws {StatusError} 400, 410, 504 */
  watch(collection: Collection, query: WatchQuery): AsyncIterable<KubeWatchEvent>
  /** Waits until the store has reached a version, for at most 3 seconds. @throws {StatusError} 504 */
  reach(version: number, signal: AbortSignal): Promise<void>
  /** The time, in the form of RFC 3339. */
  now(): string
  /** Creates the namespaces that every cluster has. */
  createSystemNamespaces(): Promise<void>
}

export interface RegistryOptions {
  readonly store: ObjectStore
  /** Every resource that is served: the content of a deleted namespace is deleted with it. */
  readonly resources: readonly Resource[]
  /** Decides what callers may do besides what was authorized already, such as granting a role. Default: `rbac`; without it, everything. */
  readonly authorizer?: Authorizer
  /** The authorizer over the roles and bindings in the store: what callers may grant is known from it. Default: `authorizer`. */
  readonly rbac?: StoredRbac
  /** Copies of objects in the store, besides `rbac`: they learn what is written. Default: none. */
  readonly learners?: readonly Learner[]
  /** Called for each object that is deleted with its namespace. Default: nothing is told. */
  readonly onOwnDeletion?: ((target: Target) => void) | undefined
  /** How many objects may be created. Default: any number. */
  readonly quota?: ObjectQuota | undefined
  /** Default: that of the store. */
  readonly clock?: Clock
  /** Returns a number from 0 to below 1, for generated names. Default: cryptographically secure. */
  readonly random?: () => number
}

/** Without an authorizer there is no question of rights. */
const NO_RULES = alwaysDeny()

/**
 * Objects of all resources in one store.
 *
 * Source: apiserver `pkg/registry/generic/registry/store.go`, `pkg/registry/rest`.
 */
export function registry({
  store: written,
  resources,
  rbac,
  learners = [],
  authorizer = rbac,
  clock = storeClock(written),
  random,
  quota,
  onOwnDeletion,
}: RegistryOptions): Registry {
  const store = learningStore(written, rbac === undefined ? learners : [rbac, ...learners], resources)
  const now = (): string => rfc3339Of(clock.now())
  const seen = seenChanges()
  const { delete: remove, resumeNamespace } = deletions(store, resources, now, onOwnDeletion)
  const services: Services = {
    find: (...given) => readStored(store, ...given),
    async list(resource) {
      const { objects } = await store.list(keyPrefix(resource, ''))
      return objects.map((stored) => fromStored(stored, stored.revision))
    },
    remove: (resource, namespace, name, ...rest) => remove({ resource, namespace, name }, ...rest),
    authorizer,
    rulesFor: (user, namespace) => rulesOf(rbac ?? authorizer ?? NO_RULES, user, namespace),
    now,
  }
  const create: Registry['create'] = (...given) => createObject({ store, services, random, quota }, ...given)

  const update: Registry['update'] = async (target, ...rest) => {
    const { object, isGone } = await replaceObject({ store, services }, target, ...rest)
    // It may have been the last one in a namespace that is being deleted.
    if (isGone && target.resource.isNamespaced) await resumeNamespace(target.namespace)
    return object
  }

  return {
    get: (target) => translated(async () => (await findObject(store, target)).object),
    list: (...given) => translated(() => listObjects(store, ...given)),
    listStored: (...given) => translated(() => listStored(store, ...given)),
    create: (...given) => translated(() => create(...given)),
    update: (...given) => translated(() => update(...given)),
    put: (...given) => translated(() => putObject({ services, create, update }, ...given)),
    delete: (...given) => translated(() => remove(...given)),
    act: (subresource, action, { caller } = {}) =>
      translated(() => subresource.act({ ...action, caller, services })),
    watch: (collection, query) => {
      const selects = selectsOf(collection.resource, collection)
      const prefix = keyPrefix(collection.resource, collection.namespace)
      return watchObjects({ store, seen, prefix, selects }, query)
    },
    reach: (version, signal) => translated(() => awaitVersion(store, version, clock, signal)),
    now,
    createSystemNamespaces: () => translated(() => createSystemNamespaces(create)),
  }
}

async function putObject(
  { services, create, update }: Pick<Registry, 'create' | 'update'> & { readonly services: Services },
  ...[target, object, options]: Parameters<Registry['put']>
): ReturnType<Registry['put']> {
  const { resource, namespace, name } = target
  requirePlace(target, object)
  const isCreated =
    mayCreate(target, object) && (await services.find(resource, namespace, name)) === undefined
  if (!isCreated) return { object: await update(target, object, options), isCreated }
  requireUid(target, object, '', options?.isDryRun === true)
  // Its version is that of an object that is gone.
  const { resourceVersion: _, ...metadata } = object.metadata
  const named = { ...object, metadata: { ...metadata, name } }
  return { object: await create({ resource, namespace, requestName: name }, named, options), isCreated }
}

/** All at once, so that the store waits for the disk once. */
async function createSystemNamespaces(create: Registry['create']): Promise<void> {
  await Promise.all(
    SYSTEM_NAMESPACES.map(async (name) => {
      const object = { kind: 'Namespace', apiVersion: apiVersionOf(namespaces), metadata: { name } }
      await create({ resource: namespaces, namespace: '' }, object).catch((thrown: unknown) => {
        if (!isConflict(thrown)) throw thrown
      })
    }),
  )
}

// Deviation: there is no version (`docs/deviations.md`, version of a dry run).
/** Whether an update of a missing object creates it: only if it says which. */
function mayCreate({ resource, subresource = '' }: Target, { metadata }: KubeObject): boolean {
  return subresource === '' && resource.isCreatedByUpdate === true && metadata.name !== undefined
}

/** What keeps a copy of some of the objects. */
interface Learner {
  /** It takes no notice of other objects. */
  learn(written: StoredObject | StoreChange): void
}

/**
 * A store that tells learners what is written through it, before the writer knows that it is written.
 *
 * @param resources those whose objects may have an end, which they get by the time of the store.
 */
export function learningStore(
  store: ObjectStore,
  learners: readonly Learner[],
  resources: readonly Resource[] = [],
): ObjectStore {
  const expiring = resources.filter(({ lifetime }) => lifetime !== undefined)
  const lifetimeOf = (key: string, value: string, given: Lifetime | undefined): Lifetime | undefined => {
    const found = expiring.find((resource) => key.startsWith(keyPrefix(resource, '')))
    const own = found?.lifetime?.(fromStored({ value }, 0))
    return own === undefined ? given : { ...given, ...own }
  }
  const learnt = async <T extends StoredObject | StoreChange>(writing: Promise<T>): Promise<T> => {
    const written = await writing
    for (const each of learners) each.learn(written)
    return written
  }
  return {
    ...forwardedStore(store),
    create: (key, value, lifetime) => learnt(store.create(key, value, lifetimeOf(key, value, lifetime))),
    update: (key, value, revision, lifetime) =>
      learnt(store.update(key, value, revision, lifetimeOf(key, value, lifetime))),
    delete: (...given) => learnt(store.delete(...given)),
  }
}

/** How long a client waits for a version that it names. Source: apiserver `pkg/storage/cacher/watch_cache.go` blockTimeout. */
const WAIT_MS = 3000
const POLL_MS = 100

/**
 * Waits until a store has reached a version, for at most 3 seconds.
 *
 * Source: apiserver `pkg/storage/cacher/watch_cache.go` waitUntilFreshAndBlock, `pkg/storage/errors.go` NewTooLargeResourceVersionError.
 *
 * @param signal ends it early.
 * @throws {StatusError} 504 if it does not reach it.
 */
async function awaitVersion(
  store: ObjectStore,
  version: number,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  const endMs = clock.now() + WAIT_MS
  for (;;) {
    const current = await store.revision()
    if (current >= version) return
    if (clock.now() >= endMs || signal.aborted) throw tooLargeVersion(`${version}, current: ${current}`)
    await delay(clock, POLL_MS, signal)
  }
}
