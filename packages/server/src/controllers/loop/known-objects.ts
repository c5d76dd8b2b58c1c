import type { KubeObject } from '../../registry/kube-object.ts'
import type { Resource } from '../../registry/resource.ts'
import { fromStored, keyPrefix } from '../../registry/stored-objects.ts'
import type { StoredObject } from '../../store/object-store.ts'
import type { ObjectKey } from '../object-controller.ts'

/** The objects of a resource that were told, by their keys in the store, and the revision of each. */
export interface KnownObjects {
  /** Tells an object, unless this revision of it was told. @throws {StoreError} `storeCorrupted` */
  tell(stored: StoredObject): void
  /** Tells that an object was deleted, if it was known. */
  forget(key: string): void
  /** Forgets all objects but these. */
  keepListed(keys: ReadonlySet<string>): void
  /** Every object counts as changed. */
  tellAllAgain(): void
}

/** Tells changes of objects, each revision once. */
export function knownObjects(
  resource: Resource,
  onChange: (key: ObjectKey, object: KubeObject | undefined) => void,
): KnownObjects {
  const { length } = keyPrefix(resource, '')
  const revisions = new Map<string, number>()

  /** A namespace contains no slash. */
  const objectKeyOf = (key: string): ObjectKey => {
    const slash = resource.isNamespaced ? key.indexOf('/', length) : -1
    const namespace = slash === -1 ? '' : key.slice(length, slash)
    return { resource, namespace, name: key.slice(slash === -1 ? length : slash + 1) }
  }
  const forget = (key: string): void => {
    if (revisions.delete(key)) onChange(objectKeyOf(key), undefined)
  }

  return {
    tell(stored) {
      const { key, revision } = stored
      if (revisions.get(key) === revision) return
      const object = fromStored(stored, revision)
      revisions.set(key, revision)
      onChange(objectKeyOf(key), object)
    },
    forget,
    keepListed(keys) {
      for (const key of revisions.keys()) if (!keys.has(key)) forget(key)
    },
    tellAllAgain() {
      for (const key of revisions.keys()) revisions.set(key, UNTOLD)
    },
  }
}

/** No object has this revision. */
const UNTOLD = -1
