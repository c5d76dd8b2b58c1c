import type { ObjectStore } from '../store/object-store.ts'
import { changeObject, type Changed, type Found } from './change-object.ts'
import { checkObject, requirePreconditions } from './check-object.ts'
import type { KubeObject } from './kube-object.ts'
import { isFinished } from './prepare-object.ts'
import { badRequest } from './status-errors.ts'
import type { Target, WriteOptions } from './target.ts'

/**
 * Replaces an object by what `prepare` makes of the old one. It is deleted instead if it is being deleted and has no finalizer any more.
 *
 * @throws {StatusError} 400, 404, 409, 422
 */
export async function replaceObject(
  store: ObjectStore,
  target: Target,
  sent: KubeObject,
  { isDryRun = false }: WriteOptions,
  prepare: (old: KubeObject) => KubeObject,
): Promise<Changed> {
  const { resource, name } = target
  const { resourceVersion = '' } = sent.metadata
  const updated = ({ object: old }: Found): KubeObject | 'delete' => {
    requirePreconditions(target, old, {
      ...(resourceVersion !== '' && { resourceVersion }),
      ...(sent.metadata.uid !== undefined && { uid: sent.metadata.uid }),
    })
    const object = prepare(old)
    checkObject(resource, object, old)
    return isFinished(object.metadata) ? 'delete' : object
  }
  if ((sent.metadata.name ?? name) !== name) {
    throw badRequest(
      `the name of the object (${sent.metadata.name}) does not match the name on the URL (${name})`,
    )
  }
  return changeObject(store, target, updated, isDryRun, resourceVersion === '')
}
