import type { Clock } from '@kube-authn/core'
import { errorList, systemClock } from '@kube-authn/core/internal'
import { rfc3339Of } from '@kube-authn/internal/rfc3339'
import type { ObjectStore, StoredObject } from '../store/object-store.ts'
import { isStoreError } from '../store/store-error.ts'
import { generateName } from './generate-name.ts'
import type { KubeObject, ObjectMeta } from './kube-object.ts'
import { validateFinalizers, validateMetadata, withoutEmpty } from './metadata.ts'
import { requireActive, requireMortal, SYSTEM_NAMESPACES } from './namespace-lifecycle.ts'
import { apiVersionOf, type Resource } from './resource.ts'
import { namespaces } from './resources/namespaces.ts'
import { selectsOf, type SentSelectors } from './selectors.ts'
import {
  alreadyExists,
  badRequest,
  conflict,
  invalid,
  MODIFIED,
  notFound,
  statusOfStore,
} from './status-errors.ts'
import { fromStored, keyOf, keyPrefix, toStored } from './stored-objects.ts'
import { type KubeWatchEvent, type WatchQuery, watchObjects } from './watch-objects.ts'

/** Which object is meant. */
export interface Target {
  readonly resource: Resource
  /** `''` for a resource without namespaces. */
  readonly namespace: string
  readonly name: string
}

/** Which objects are meant. */
export interface Collection extends SentSelectors {
  readonly resource: Resource
  /** `''` for all. */
  readonly namespace: string
}

/** How something is written. */
export interface WriteOptions {
  /** Everything but the writing. Default `false`. */
  readonly isDryRun?: boolean
}

/** What must be true of an object that is deleted. */
export interface Preconditions {
  readonly uid?: string
  readonly resourceVersion?: string
}

/** Some of the objects of a collection. */
export interface ObjectList {
  readonly items: readonly KubeObject[]
  readonly resourceVersion: string
  /** For the next page. */
  readonly continue?: string
}

/** How a list is paged. */
export interface PageOptions {
  readonly limit?: number
  readonly continue?: string
}

/** Reads and writes objects of all resources, by the rules of the API server. Every method rejects with a `StatusError`. */
export interface Registry {
  /** @throws {StatusError} 404 */
  get(target: Target): Promise<KubeObject>
  /** @throws {StatusError} 400, 410 */
  list(collection: Collection, page?: PageOptions): Promise<ObjectList>
  /** @throws {StatusError} 400, 403, 404, 409, 413, 422 */
  create(place: Omit<Target, 'name'>, object: KubeObject, options?: WriteOptions): Promise<KubeObject>
  /** Replaces an object. Without a `resourceVersion` in it, whatever version there is. @throws {StatusError} 400, 404, 409, 413, 422 */
  update(target: Target, object: KubeObject, options?: WriteOptions): Promise<KubeObject>
  /** Replaces the status of an object, and nothing else. @throws {StatusError} 400, 404, 409, 413, 422 */
  updateStatus(target: Target, object: KubeObject, options?: WriteOptions): Promise<KubeObject>
  /** Resolves to the object as it was, or as it is while finalizers keep it. @throws {StatusError} 403, 404, 409 */
  delete(target: Target, preconditions?: Preconditions, options?: WriteOptions): Promise<KubeObject>
  /** Changes since a version. @throws {StatusError} 400, 410, 504 */
  watch(collection: Collection, query: WatchQuery): AsyncIterable<KubeWatchEvent>
  /** Creates the namespaces that every cluster has. */
  createSystemNamespaces(): Promise<void>
}

/** Options of {@link registry}. */
export interface RegistryOptions {
  readonly store: ObjectStore
  /** Every resource that is served: the content of a deleted namespace is deleted with it. */
  readonly resources: readonly Resource[]
  /** Default: the runtime's clock. */
  readonly clock?: Clock
  /** Returns a number from 0 to below 1, for generated names. Default: cryptographically secure. */
  readonly random?: () => number
}

/** How often a name is generated, and a change is tried when others change the object too. */
const MAX_ATTEMPTS = 8

/**
 * Objects of all resources in one store.
 *
 * Source: apiserver `pkg/registry/generic/registry/store.go`, `pkg/registry/rest`.
 */
export function registry({ store, resources, clock = systemClock, random }: RegistryOptions): Registry {
  const now = (): string => rfc3339Of(Math.floor(clock.now() / 1000) * 1000)

  const read = async (resource: Resource, namespace: string, name: string): Promise<Found> => {
    const stored = await store.get(keyOf(resource, namespace, name))
    if (stored === undefined) throw notFound(resource, name)
    return { stored, object: fromStored(stored, stored.revision) }
  }

  const requireNamespace = async (resource: Resource, namespace: string, ofObject: string): Promise<void> => {
    if (!resource.isNamespaced) return
    const stored = await store.get(keyOf(namespaces, '', namespace))
    const found = stored === undefined ? undefined : fromStored(stored, stored.revision)
    requireActive(found, namespace, resource, ofObject)
  }

  const createNamed = async (
    resource: Resource,
    object: KubeObject,
    isDryRun: boolean,
  ): Promise<KubeObject> => {
    const { name = '', namespace = '' } = object.metadata
    const key = keyOf(resource, namespace, name)
    if (isDryRun) {
      if ((await store.get(key)) !== undefined) throw alreadyExists(resource, name)
      return object
    }
    const stored = await store.create(key, toStored(object)).catch((thrown: unknown) => {
      throw isStoreError(thrown, 'objectExists') ? alreadyExists(resource, name) : thrown
    })
    try {
      // The namespace may have been deleted, with its content, between the check and the creation.
      await requireNamespace(resource, namespace, name)
    } catch (thrown) {
      await store.delete(key, { createdRevision: stored.createdRevision }).catch(() => undefined)
      throw thrown
    }
    return fromStored(stored, stored.revision)
  }

  const create: Registry['create'] = async ({ resource, namespace }, sent, { isDryRun = false } = {}) => {
    const prepared = prepareForCreate(resource, namespace, sent, now())
    const { name = '', generateName: prefix = '' } = prepared.metadata
    await requireNamespace(resource, namespace, name)
    for (let attempt = 1; ; attempt++) {
      const isGenerated = name === '' && prefix !== ''
      const full = isGenerated ? generateName(prefix, random) : name
      const object = { ...prepared, metadata: withoutEmpty({ ...prepared.metadata, name: full }) }
      check(resource, object, undefined)
      try {
        return await createNamed(resource, object, isDryRun)
      } catch (thrown) {
        if (!isGenerated || attempt === MAX_ATTEMPTS || !isConflict(thrown)) throw thrown
      }
    }
  }

  /** Applies a change to the object as it is, again if others change it meanwhile. */
  const change = async (
    target: Target,
    changed: (found: Found) => KubeObject | 'delete',
    isDryRun: boolean,
    isRepeated: boolean,
  ): Promise<Changed> => {
    const { resource, namespace, name } = target
    const key = keyOf(resource, namespace, name)
    for (let attempt = 1; ; attempt++) {
      const found = await read(resource, namespace, name)
      const { revision } = found.stored
      const next = changed(found)
      try {
        if (next === 'delete') {
          if (isDryRun) return { object: found.object, isGone: false }
          const gone = await store.delete(key, { revision })
          return { object: fromStored(gone, gone.revision), isGone: true }
        }
        const value = toStored(next)
        if (isDryRun || value === found.stored.value) {
          return { object: fromStored({ value }, revision), isGone: false }
        }
        const written = await store.update(key, value, revision)
        return { object: fromStored(written, written.revision), isGone: false }
      } catch (thrown) {
        if (isStoreError(thrown, 'objectNotFound')) throw notFound(resource, name)
        if (!isStoreError(thrown, 'revisionConflict')) throw thrown
        if (!isRepeated || attempt === MAX_ATTEMPTS) throw conflict(resource, name, MODIFIED)
      }
    }
  }

  const replace = async (
    target: Target,
    sent: KubeObject,
    { isDryRun = false }: WriteOptions,
    prepare: (old: KubeObject) => KubeObject,
  ): Promise<KubeObject> => {
    const { resource, name } = target
    const { resourceVersion = '' } = sent.metadata
    const updated = ({ object: old }: Found): KubeObject | 'delete' => {
      requirePreconditions(target, old, {
        ...(resourceVersion !== '' && { resourceVersion }),
        ...(sent.metadata.uid !== undefined && { uid: sent.metadata.uid }),
      })
      const object = prepare(old)
      check(resource, object, old)
      return isFinished(object.metadata) ? 'delete' : object
    }
    if ((sent.metadata.name ?? name) !== name) {
      throw badRequest(
        `the name of the object (${sent.metadata.name}) does not match the name on the URL (${name})`,
      )
    }
    const { object, isGone } = await change(target, updated, isDryRun, resourceVersion === '')
    // It may have been the last one in a namespace that is being deleted.
    if (isGone && resource.isNamespaced) await resumeNamespace(target.namespace)
    return object
  }

  const update: Registry['update'] = (target, sent, options = {}) =>
    replace(target, sent, options, (old) => prepareForUpdate(target, sent, old))

  const updateStatus: Registry['updateStatus'] = (target, sent, options = {}) =>
    replace(target, sent, options, (old) => ({ ...old, status: sent['status'] ?? {} }))

  const remove: Registry['delete'] = async (target, preconditions = {}, { isDryRun = false } = {}) => {
    const { resource, name } = target
    const isNamespace = resource === namespaces
    if (isNamespace) requireMortal(name)
    const removed = ({ object }: Found): KubeObject | 'delete' => {
      requirePreconditions(target, object, preconditions)
      const isKept = (object.metadata.finalizers?.length ?? 0) > 0
      if (!isKept && !isNamespace) return 'delete'
      return terminating(object, now())
    }
    const isRepeated = preconditions.resourceVersion === undefined
    const { object } = await change(target, removed, isDryRun, isRepeated)
    if (isNamespace && !isDryRun) await finishNamespace(name)
    return object
  }

  /** Deletes the content of a namespace that is being deleted, and then the namespace, unless finalizers keep some of it. */
  const finishNamespace = async (name: string): Promise<void> => {
    for (const resource of resources.filter(({ isNamespaced }) => isNamespaced)) {
      const { objects } = await store.list(keyPrefix(resource, name))
      for (const stored of objects) {
        const { metadata } = fromStored(stored, stored.revision)
        const target = { resource, namespace: name, name: metadata.name ?? '' }
        await remove(target).catch(ignoreMissing)
      }
      if ((await store.list(keyPrefix(resource, name), { limit: 1 })).objects.length > 0) return
    }
    const target = { resource: namespaces, namespace: '', name }
    const finished = ({ object }: Found): KubeObject | 'delete' =>
      isFinished(object.metadata) ? 'delete' : object
    await change(target, finished, false, true).catch(ignoreMissing)
  }

  const resumeNamespace = async (name: string): Promise<void> => {
    const stored = await store.get(keyOf(namespaces, '', name))
    const metadata = stored === undefined ? undefined : fromStored(stored, stored.revision).metadata
    if (metadata?.deletionTimestamp !== undefined) await finishNamespace(name)
  }

  const list: Registry['list'] = async (collection, { limit, continue: token } = {}) => {
    const selects = selectsOf(collection.resource, collection)
    const prefix = keyPrefix(collection.resource, collection.namespace)
    const items: KubeObject[] = []
    let next = token
    for (;;) {
      const page = await store.list(prefix, {
        ...(limit !== undefined && { limit: limit - items.length }),
        ...(next !== undefined && { continue: next }),
      })
      const objects = page.objects.map((stored) => fromStored(stored, stored.revision))
      items.push(...(selects === undefined ? objects : objects.filter(selects)))
      next = page.continue
      if (next === undefined || items.length === limit) {
        const resourceVersion = String(page.revision)
        return { items, resourceVersion, ...(next !== undefined && { continue: next }) }
      }
    }
  }

  return {
    get: ({ resource, namespace, name }) =>
      translated(async () => (await read(resource, namespace, name)).object),
    list: (...given) => translated(() => list(...given)),
    create: (...given) => translated(() => create(...given)),
    update: (...given) => translated(() => update(...given)),
    updateStatus: (...given) => translated(() => updateStatus(...given)),
    delete: (...given) => translated(() => remove(...given)),
    watch: (collection, query) => {
      const selects = selectsOf(collection.resource, collection)
      return watchObjects(store, keyPrefix(collection.resource, collection.namespace), selects, query)
    },
    createSystemNamespaces: () =>
      translated(async () => {
        for (const name of SYSTEM_NAMESPACES) {
          const object = { kind: 'Namespace', apiVersion: apiVersionOf(namespaces), metadata: { name } }
          await create({ resource: namespaces, namespace: '' }, object).catch((thrown: unknown) => {
            if (!isConflict(thrown)) throw thrown
          })
        }
      }),
  }
}

/** The object after a change, or as it was before it was removed. */
interface Changed {
  readonly object: KubeObject
  readonly isGone: boolean
}

interface Found {
  readonly stored: StoredObject
  readonly object: KubeObject
}

/** The object that is created of what a client sent. Source: apiserver `pkg/registry/rest/create.go` BeforeCreate. */
function prepareForCreate(
  resource: Resource,
  namespace: string,
  sent: KubeObject,
  creationTimestamp: string,
): KubeObject {
  const { name = '', generateName: prefix = '', namespace: given = '', resourceVersion = '' } = sent.metadata
  if (resource.isNamespaced && given !== '' && given !== namespace) {
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request')
  }
  if (resourceVersion !== '') throw badRequest('resourceVersion should not be set on objects to be created')
  const { labels = {}, annotations = {}, ownerReferences = [], finalizers = [] } = sent.metadata
  const metadata = {
    name,
    generateName: prefix,
    namespace: resource.isNamespaced ? namespace : '',
    uid: crypto.randomUUID(),
    creationTimestamp,
    labels,
    annotations,
    ownerReferences,
    finalizers,
  }
  const object = { ...sent, metadata: withoutEmpty(metadata) }
  return resource.prepareForCreate?.(object) ?? object
}

/** The object that replaces another. Source: apiserver `pkg/registry/rest/update.go` BeforeUpdate. */
function prepareForUpdate({ resource }: Target, sent: KubeObject, old: KubeObject): KubeObject {
  if ((sent.metadata.namespace ?? old.metadata.namespace) !== old.metadata.namespace) {
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request')
  }
  const { labels = {}, annotations = {}, ownerReferences = [], finalizers = [] } = sent.metadata
  const metadata = withoutEmpty({ ...old.metadata, labels, annotations, ownerReferences, finalizers })
  const kept = resource.hasStatus === true && old['status'] !== undefined ? { status: old['status'] } : {}
  const { status: _, ...withoutStatus } = sent
  const object = { ...(resource.hasStatus === true ? withoutStatus : sent), ...kept, metadata }
  return resource.prepareForUpdate?.(object, old) ?? object
}

/** @throws {StatusError} 422 */
function check(resource: Resource, object: KubeObject, old: KubeObject | undefined): void {
  const errors = errorList()
  validateMetadata(object.metadata, resource, errors)
  if (old !== undefined) validateFinalizers(object.metadata, old.metadata, errors)
  const ofFields = errorList({ hideValues: resource.hasSecrets ?? false })
  resource.validate(object, ofFields)
  if (old !== undefined) resource.validateUpdate?.(object, old, ofFields)
  errors.addAll(ofFields.errors)
  if (errors.errors.length > 0) throw invalid(resource, object.metadata.name ?? '', errors)
}

/** @throws {StatusError} 409 */
function requirePreconditions(
  { resource, name }: Target,
  { metadata }: KubeObject,
  { uid, resourceVersion }: Preconditions,
): void {
  if (uid !== undefined && uid !== metadata.uid) {
    const why = `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${metadata.uid}`
    throw conflict(resource, name, why)
  }
  if (resourceVersion !== undefined && resourceVersion !== metadata.resourceVersion) {
    throw conflict(resource, name, MODIFIED)
  }
}

/** An object that is deleted as soon as its finalizers are gone. */
function terminating(object: KubeObject, time: string): KubeObject {
  const { deletionTimestamp = time } = object.metadata
  const metadata = { ...object.metadata, deletionTimestamp, deletionGracePeriodSeconds: 0 }
  return object.kind === 'Namespace'
    ? { ...object, metadata, status: { phase: 'Terminating' } }
    : { ...object, metadata }
}

function isFinished({ deletionTimestamp, finalizers = [] }: ObjectMeta): boolean {
  return deletionTimestamp !== undefined && finalizers.length === 0
}

function isConflict(thrown: unknown): boolean {
  return thrown instanceof Error && 'status' in thrown && thrown.status === 409
}

function ignoreMissing(thrown: unknown): void {
  if (!(thrown instanceof Error && 'status' in thrown && thrown.status === 404)) throw thrown
}

async function translated<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (thrown) {
    throw statusOfStore(thrown)
  }
}
