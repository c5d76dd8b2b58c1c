import type { Awaitable } from '@kube-authn/core'
import { isStoreError, type ObjectStore, type StoredObject } from '@kube-authn/store'
import { isSameJson, type KubeObject } from './kube-object.ts'
import { conflict, MODIFIED, notFound } from './status-errors.ts'
import { fromStored, keyOf, toStored } from './stored-objects.ts'
import type { Target } from './resource.ts'

/** An object as the store has it. */
export interface Found {
  readonly stored: StoredObject
  readonly object: KubeObject
}

/** The object after a change, also if the change was the last one before it was removed. */
export interface Changed {
  readonly object: KubeObject
  readonly isGone: boolean
}

/** How often a change is tried when others change the object too: as often as there are others, within reason. */
const MAX_ATTEMPTS = 64

/** @throws {StatusError} 404 */
export async function findObject(store: ObjectStore, { resource, namespace, name }: Target): Promise<Found> {
  const stored = await store.get(keyOf(resource, namespace, name))
  if (stored === undefined) throw notFound(resource, name)
  return { stored, object: fromStored(stored, stored.revision) }
}

/** Whether nothing is written: the order of members does not count. */
function isSame(value: string, stored: string): boolean {
  if (value === stored) return true
  return value.length === stored.length && isSameJson(JSON.parse(value), JSON.parse(stored))
}

/** Applies a change to the object as it is, again if others change it meanwhile. */
export async function changeObject(
  store: ObjectStore,
  target: Target,
  changed: (found: Found) => Awaitable<Changed>,
  isDryRun: boolean,
  isRepeated: boolean,
): Promise<Changed> {
  const { resource, namespace, name } = target
  const key = keyOf(resource, namespace, name)
  for (let attempt = 1; ; attempt++) {
    const found = await findObject(store, target)
    const { revision } = found.stored
    const { object, isGone } = await changed(found)
    const value = toStored(object)
    try {
      if (isGone && !isDryRun) {
        const gone = await store.delete(key, { revision })
        return { object: fromStored({ value }, gone.revision), isGone }
      }
      if (isDryRun || isSame(value, found.stored.value)) {
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
