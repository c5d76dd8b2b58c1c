import type { StatusError } from '@kube-authn/core/adapter'
import { attributesOf, decide, forbiddenMessage } from '@kube-authn/core/authorization'
import { isStatusError } from '@kube-authn/core/internal'
import { isStoreError, type ObjectStore, type StoredObject } from '@kube-authn/store'
import { checkObject } from './check-object.ts'
import { generateName } from './generate-name.ts'
import type { KubeObject } from './kube-object.ts'
import { withOwners } from './metadata.ts'
import type { ObjectQuota } from './object-quota.ts'
import { requireActive } from './namespace-lifecycle.ts'
import { prepareForCreate } from './prepare-object.ts'
import type { Resource, Services, Write, WriteOptions, Target } from './resource.ts'
import { namespaces } from './resources/namespaces.ts'
import { alreadyExists, failInPart, forbidden, internalError, isConflict } from './status-errors.ts'
import { fromStored, keyOf, readStored, toStored } from './stored-objects.ts'

export interface Creation {
  readonly store: ObjectStore
  readonly services: Services
  /** As of `generateName`. */
  readonly random: (() => number) | undefined
  /** Default: there may be any number of objects. */
  readonly quota: ObjectQuota | undefined
}

/** Where an object is created. */
export interface Place extends Omit<Target, 'name' | 'subresource'> {
  /** The name in the path, if it was asked for with PUT or PATCH: then the right to create it is checked. Default `''`. */
  readonly requestName?: string
}

/** How often a name is made. */
const MAX_ATTEMPTS = 8

/** Creates an object, with a name that is made if it has only the beginning of one. @throws {StatusError} 400, 403, 404, 409, 422 */
export async function createObject(
  { store, services, random, quota }: Creation,
  { resource, namespace, requestName = '' }: Place,
  sent: KubeObject,
  { isDryRun = false, caller, owners }: WriteOptions = {},
): Promise<KubeObject> {
  const write = { caller, services }
  const { name = '', generateName: prefix = '' } = sent.metadata
  const isGenerated = name === '' && prefix !== ''
  for (let attempt = 1; ; attempt++) {
    // First, since what is written into the object may depend on it.
    const full = isGenerated ? generateName(prefix, random) : name
    const named = { ...sent, metadata: { ...sent.metadata, name: full } }
    const object = withOwners(prepareForCreate(resource, namespace, named, write), owners?.())
    await resource.authorize?.({ ...write, object, old: undefined, requestName })
    await requireNamespace(store, resource, namespace, name)
    await checkObject(resource, object, { now: services.now })
    if (requestName !== '') await requireCreateAllowed(resource, object, write)
    await resource.admit?.({ ...write, object, old: undefined, requestName })
    try {
      const create = (): Promise<KubeObject> => createNamed(store, resource, object, isDryRun)
      const isLimited = quota !== undefined && resource.isNamespaced
      return await (isLimited ? quota.admit({ resource, namespace, name: full }, isDryRun, create) : create())
    } catch (thrown) {
      if (!isGenerated || attempt === MAX_ATTEMPTS || !isConflict(thrown)) throw thrown
    }
  }
}

/**
 * PUT was authorized as an update, and PATCH as a patch.
 *
 * Source: apiserver `pkg/endpoints/handlers/{update,patch}.go` withAuthorization.
 *
 * @throws {StatusError} 403; 500 if the authorizer failed.
 */
async function requireCreateAllowed(
  resource: Resource,
  { metadata }: KubeObject,
  { caller, services }: Write,
): Promise<void> {
  const { authorizer } = services
  if (caller === undefined || authorizer === undefined) return
  const { name = '', namespace = '' } = metadata
  const { group: apiGroup, version: apiVersion, plural } = resource
  const what = { verb: 'create', apiGroup, apiVersion, resource: plural, name, namespace }
  const attributes = attributesOf(caller.user, what)
  const decision = await decide(authorizer, attributes, caller.context)
  if (decision.verdict === 'allow') return
  if (decision.error !== undefined) throw internalError(decision.error, 'the authorizer failed')
  throw forbidden(resource, name, forbiddenMessage(attributes, decision.reason))
}

/** @throws {StatusError} 404 if there is no such namespace, 403 if it is being deleted. @throws {StoreError} if that is not known. */
async function requireNamespace(
  store: ObjectStore,
  resource: Resource,
  namespace: string,
  ofObject: string,
): Promise<void> {
  if (!resource.isNamespaced) return
  requireActive(await readStored(store, namespaces, '', namespace), namespace, resource, ofObject)
}

async function createNamed(
  store: ObjectStore,
  resource: Resource,
  object: KubeObject,
  isDryRun: boolean,
): Promise<KubeObject> {
  const { name = '', namespace = '' } = object.metadata
  const present = (): Promise<KubeObject | undefined> => readStored(store, resource, namespace, name)
  if (isDryRun) {
    const found = await present()
    if (found !== undefined) throw alreadyExists(resource, name, isBeingDeleted(found))
    return object
  }
  const key = keyOf(resource, namespace, name)
  const stored = await store.create(key, toStored(object)).catch(async (thrown: unknown) => {
    if (!isStoreError(thrown, 'objectExists')) throw thrown
    throw alreadyExists(resource, name, isBeingDeleted(await present()))
  })
  const refusal = await refusalSince(store, resource, namespace, name)
  if (refusal !== undefined && (await isTakenBack(store, stored))) throw refusal
  return fromStored(stored, stored.revision)
}

/**
 * The namespace may have been deleted, with its content, between the check and the creation. If that cannot be read, the creation stands, as it does in Kubernetes: a
 * failure says nothing about the namespace.
 */
async function refusalSince(
  store: ObjectStore,
  resource: Resource,
  namespace: string,
  name: string,
): Promise<StatusError | undefined> {
  try {
    await requireNamespace(store, resource, namespace, name)
    return undefined
  } catch (thrown) {
    return isStatusError(thrown) ? thrown : undefined
  }
}

/** Deletes what was created, unless others have changed it meanwhile: then it is theirs too. @throws {StoreError} if it is not known whether it is there. */
async function isTakenBack(store: ObjectStore, { key, revision }: StoredObject): Promise<boolean> {
  try {
    await store.delete(key, { revision })
    return true
  } catch (thrown) {
    if (isStoreError(thrown, 'revisionConflict')) return false
    if (isStoreError(thrown, 'objectNotFound')) return true
    return failInPart(thrown)
  }
}

function isBeingDeleted(object: KubeObject | undefined): boolean {
  return object?.metadata.deletionTimestamp !== undefined
}
