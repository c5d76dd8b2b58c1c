import type { ObjectStore } from '../store/object-store.ts'
import { isStoreError } from '../store/store-error.ts'
import { checkObject } from './check-object.ts'
import { generateName } from './generate-name.ts'
import type { KubeObject } from './kube-object.ts'
import { withOwners, withoutEmpty } from './metadata.ts'
import { requireActive } from './namespace-lifecycle.ts'
import { prepareForCreate } from './prepare-object.ts'
import type { Resource, Services } from './resource.ts'
import { namespaces } from './resources/namespaces.ts'
import { alreadyExists, isConflict } from './status-errors.ts'
import { fromStored, keyOf, toStored } from './stored-objects.ts'
import type { Target } from './target.ts'
import type { WriteOptions } from './write.ts'

/** What a creation needs. */
export interface Creation {
  readonly store: ObjectStore
  readonly services: Services
  /** As of `generateName`. */
  readonly random: (() => number) | undefined
}

/** How often a name is made. */
const MAX_ATTEMPTS = 8

/**
 * Creates an object, with a name that is made if it has only the beginning of one.
 *
 * @throws {StatusError} 400, 403, 404, 409, 422
 */
export async function createObject(
  { store, services, random }: Creation,
  { resource, namespace }: Omit<Target, 'name'>,
  sent: KubeObject,
  { isDryRun = false, caller, owners }: WriteOptions = {},
): Promise<KubeObject> {
  const write = { caller, services }
  const prepared = withOwners(prepareForCreate(resource, namespace, sent, write), owners?.())
  await resource.authorize?.({ ...write, object: prepared, old: undefined })
  const { name = '', generateName: prefix = '' } = prepared.metadata
  await requireNamespace(store, resource, namespace, name)
  for (let attempt = 1; ; attempt++) {
    const isGenerated = name === '' && prefix !== ''
    const full = isGenerated ? generateName(prefix, random) : name
    const object = { ...prepared, metadata: withoutEmpty({ ...prepared.metadata, name: full }) }
    checkObject(resource, object, undefined)
    await resource.admit?.({ ...write, object, old: undefined })
    try {
      return await createNamed(store, resource, object, isDryRun)
    } catch (thrown) {
      if (!isGenerated || attempt === MAX_ATTEMPTS || !isConflict(thrown)) throw thrown
    }
  }
}

async function requireNamespace(
  store: ObjectStore,
  resource: Resource,
  namespace: string,
  ofObject: string,
): Promise<void> {
  if (!resource.isNamespaced) return
  const stored = await store.get(keyOf(namespaces, '', namespace))
  const found = stored === undefined ? undefined : fromStored(stored, stored.revision)
  requireActive(found, namespace, resource, ofObject)
}

async function createNamed(
  store: ObjectStore,
  resource: Resource,
  object: KubeObject,
  isDryRun: boolean,
): Promise<KubeObject> {
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
    await requireNamespace(store, resource, namespace, name)
  } catch (thrown) {
    await store.delete(key, { createdRevision: stored.createdRevision }).catch(() => undefined)
    throw thrown
  }
  return fromStored(stored, stored.revision)
}
