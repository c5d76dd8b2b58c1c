import type { ObjectStore, StoredObject } from '@kube-authn/store'
import { type Changed, changeObject, type Found } from './change-object.ts'
import { requirePreconditions } from './check-object.ts'
import type { KubeObject } from './kube-object.ts'
import { type RemainingContent, requireMortal, withRemaining } from './namespace-lifecycle.ts'
import { isFinished, terminating } from './prepare-object.ts'
import type { Resource, Preconditions, WriteOptions, Target } from './resource.ts'
import { namespaces, withoutContent } from './resources/namespaces.ts'
import { conflict, failInPart, ignoreOthers } from './status-errors.ts'
import { fromStored, keyPrefix, readStored } from './stored-objects.ts'

/** Deletes objects, and the content of namespaces with them. */
export interface Deletions {
  /** Resolves to the object as it was, or as it is while finalizers keep it; a pod to one that ends. @throws {StatusError} 403, 404, 409 */
  readonly delete: (
    target: Target,
    preconditions?: Preconditions,
    options?: WriteOptions,
  ) => Promise<KubeObject>
  /** Goes on with a namespace that is being deleted, when one of its objects is gone. */
  readonly resumeNamespace: (name: string) => Promise<void>
}

/**
 * Deletions in one store.
 *
 * @param resources every one that is served.
 * @param now the time, in the form of RFC 3339.
 * @param onOwn called for each object that is deleted with its namespace.
 */
export function deletions(
  store: ObjectStore,
  resources: readonly Resource[],
  now: () => string,
  onOwn?: (target: Target) => void,
): Deletions {
  const remove: Deletions['delete'] = async (target, preconditions = {}, { isDryRun = false } = {}) => {
    const { resource, name } = target
    const isNamespace = resource === namespaces
    if (isNamespace) requireMortal(name)
    const removed = ({ object }: Found): Changed => {
      if (isNamespace) requireNamespace(target, object, preconditions)
      requirePreconditions(target, object, preconditions)
      const isKept = (object.metadata.finalizers?.length ?? 0) > 0 || isNamespace
      const isMarked = isKept || resource.deletionAnswer === 'terminating'
      return { object: isMarked ? terminating(object, now()) : object, isGone: !isKept }
    }
    const isRepeated = preconditions.resourceVersion === undefined
    const { object } = await changeObject(store, target, removed, isDryRun, isRepeated)
    // Its deletion has begun, whatever becomes of the rest.
    if (isNamespace && !isDryRun) await finishNamespace(name, object.metadata.uid).catch(failInPart)
    return object
  }

  /** Whether the namespace is being deleted, and is not another one of the same name. */
  const isEnding = async (name: string, uid: string | undefined): Promise<boolean> => {
    const metadata = (await readStored(store, namespaces, '', name))?.metadata
    return metadata?.deletionTimestamp !== undefined && metadata.uid === uid
  }

  /** Deletes the content of a namespace that is being deleted, and then the namespace; its status says which content finalizers keep. */
  const finishNamespace = async (name: string, uid: string | undefined): Promise<void> => {
    const remaining: RemainingContent[] = []
    for (const resource of resources.filter(({ isNamespaced }) => isNamespaced)) {
      const { objects } = await store.list(keyPrefix(resource, name))
      // Another server may have finished, and the objects may be those of a new namespace.
      if (objects.length > 0 && !(await isEnding(name, uid))) return
      for (const stored of objects) await removeContent(resource, name, stored)
      const kept = objects.length === 0 ? [] : (await store.list(keyPrefix(resource, name))).objects
      if (kept.length > 0) {
        remaining.push({ resource, objects: kept.map((stored) => fromStored(stored, stored.revision)) })
      }
    }
    const target = { resource: namespaces, namespace: '', name }
    const finished = ({ object }: Found): Changed => {
      requirePreconditions(target, object, { uid })
      if (remaining.length > 0) return { object: withRemaining(object, remaining, now()), isGone: false }
      const left = withoutContent(object)
      return { object: left, isGone: isFinished(left) }
    }
    await changeObject(store, target, finished, false, true).catch(ignoreOthers)
  }

  /** Only the object that was listed, however it has changed since. */
  const removeContent = async (
    resource: Resource,
    namespace: string,
    stored: StoredObject,
  ): Promise<void> => {
    const { metadata } = fromStored(stored, stored.revision)
    const { name = '', uid } = metadata
    const precondition = uid === undefined ? { resourceVersion: String(stored.revision) } : { uid }
    const target = { resource, namespace, name }
    const told = (): void => {
      if (metadata.deletionTimestamp === undefined) onOwn?.(target)
    }
    await remove(target, precondition).then(told).catch(ignoreOthers)
  }

  const resumeNamespace = async (name: string): Promise<void> => {
    const metadata = (await readStored(store, namespaces, '', name))?.metadata
    if (metadata?.deletionTimestamp !== undefined) await finishNamespace(name, metadata.uid).catch(failInPart)
  }

  return { delete: remove, resumeNamespace }
}

// Deviation: a namespace ends with its content (`docs/deviations.md`, end of namespaces; objects of the cluster).
/**
 * As {@link requirePreconditions}, in the words of namespaces.
 *
 * Source: kubernetes `pkg/registry/core/namespace/storage/storage.go` Delete.
 *
 * @throws {StatusError} 409
 */
function requireNamespace({ name }: Target, { metadata }: KubeObject, sent: Preconditions): void {
  for (const [what, field] of [
    ['UID', 'uid'],
    ['ResourceVersion', 'resourceVersion'],
  ] as const) {
    const [expected, is] = [sent[field], metadata[field]]
    if (expected === undefined || expected === is) continue
    const why = `Precondition failed: ${what} in precondition: ${expected}, ${what} in object meta: ${is}`
    throw conflict(namespaces, name, why)
  }
}
