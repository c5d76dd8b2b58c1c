import { isObject, isStatusError } from '@kube-authn/core/internal'
import type { KubeObject } from '../registry/kube-object.ts'
import type { Registry } from '../registry/registry.ts'
import { ignoreMissing, ignoreOthers, isConflict, isMissing } from '../registry/status-errors.ts'
import type { Collection } from '../registry/selectors.ts'
import type { Target, Preconditions } from '../registry/resource.ts'

/** The object; `undefined` if there is none. @throws {StatusError} if it cannot be read. */
export async function readObject(registry: Registry, target: Target): Promise<KubeObject | undefined> {
  return registry.get(target).catch(ignoreMissing)
}

const PAGE = 500

/** The objects of a collection, read in pages. */
export async function* objectsOf(
  registry: Registry,
  collection: Collection,
): AsyncGenerator<KubeObject, void, undefined> {
  let token: string | undefined
  do {
    const page = await registry.list(collection, { limit: PAGE, continue: token })
    yield* page.items
    token = page.continue
  } while (token !== undefined)
}

/** Creates an object if there is none of its name, and if its namespace exists and is not being deleted. */
export async function createMissing(
  registry: Registry,
  { resource, namespace, name }: Target,
  object: KubeObject,
): Promise<void> {
  const named = { ...object, metadata: { ...object.metadata, name } }
  await registry.create({ resource, namespace }, named).catch((thrown: unknown) => {
    if (!isTerminating(thrown)) ignoreOthers(thrown)
  })
}

/** Replaces an object that has still the version of the new one. @returns `false` if it has changed or is gone, which is seen as a change soon. */
export async function replaceUnchanged(
  registry: Registry,
  target: Target,
  object: KubeObject,
): Promise<boolean> {
  return registry.update(target, object).then(
    () => true,
    (thrown: unknown) => {
      if (!isConflict(thrown) && !isMissing(thrown)) throw thrown
      return false
    },
  )
}

/** Deletes an object that meets a precondition; another one is left alone. */
export async function deleteUnchanged(
  registry: Registry,
  target: Target,
  { uid, resourceVersion }: Preconditions,
): Promise<void> {
  await registry.delete(target, { uid, resourceVersion }).catch(ignoreOthers)
}

/** Whether the namespace of an object is being deleted. */
export function isTerminating(thrown: unknown): boolean {
  const causes = isStatusError(thrown) ? thrown.body.details?.['causes'] : undefined
  return (
    Array.isArray(causes) &&
    causes.some((cause) => isObject(cause) && cause['reason'] === 'NamespaceTerminating')
  )
}
