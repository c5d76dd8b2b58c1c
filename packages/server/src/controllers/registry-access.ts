import { isObject, isStatusError, type Precondition } from '@kube-authn/core/internal'
import type { KubeObject } from '../registry/kube-object.ts'
import type { Registry } from '../registry/registry.ts'
import type { Target } from '../registry/target.ts'

/** The object; `undefined` if there is none. @throws {StatusError} if it cannot be read. */
export async function readObject(registry: Registry, target: Target): Promise<KubeObject | undefined> {
  return registry.get(target).catch((thrown: unknown) => {
    if (!hasStatus(thrown, 404)) throw thrown
    return undefined
  })
}

/** Creates an object if there is none of its name, and if its namespace exists and is not being deleted. */
export async function createMissing(
  registry: Registry,
  { resource, namespace, name }: Target,
  object: KubeObject,
): Promise<void> {
  const named = { ...object, metadata: { ...object.metadata, name } }
  await registry.create({ resource, namespace }, named).catch((thrown: unknown) => {
    if (!hasStatus(thrown, 404) && !isReason(thrown, 'AlreadyExists') && !isTerminating(thrown)) throw thrown
  })
}

/**
 * Replaces an object that has still the version of the new one.
 *
 * @returns `false` if it has changed or is gone, which is seen as a change soon.
 */
export async function replaceUnchanged(
  registry: Registry,
  target: Target,
  object: KubeObject,
): Promise<boolean> {
  return registry.update(target, object).then(
    () => true,
    (thrown: unknown) => {
      if (!hasStatus(thrown, 404) && !isReason(thrown, 'Conflict')) throw thrown
      return false
    },
  )
}

/** Deletes an object that meets a precondition; another one is left alone. */
export async function deleteUnchanged(
  registry: Registry,
  target: Target,
  { uid, resourceVersion }: Precondition,
): Promise<void> {
  const precondition = {
    ...(uid !== undefined && { uid }),
    ...(resourceVersion !== undefined && { resourceVersion }),
  }
  await registry.delete(target, precondition).catch((thrown: unknown) => {
    if (!hasStatus(thrown, 404) && !isReason(thrown, 'Conflict')) throw thrown
  })
}

/** Whether the namespace of an object is being deleted. */
export function isTerminating(thrown: unknown): boolean {
  const causes = isStatusError(thrown) ? thrown.body.details?.['causes'] : undefined
  return (
    Array.isArray(causes) &&
    causes.some((cause) => isObject(cause) && cause['reason'] === 'NamespaceTerminating')
  )
}

function hasStatus(thrown: unknown, status: number): boolean {
  return isStatusError(thrown) && thrown.status === status
}

function isReason(thrown: unknown, reason: string): boolean {
  return isStatusError(thrown) && thrown.body.reason === reason
}
