import {
  type AnyBinding,
  decodeRbacObject,
  errorList,
  PolicyIndex,
  type RbacObject,
} from '@kube-authn/core/internal'
import { fromStored, RBAC_PREFIX } from '../registry/stored-objects.ts'
import type { StoredObject } from '../store/object-store.ts'

/** A role or binding as the policy knows it. */
interface Known {
  /** `undefined` if it grants nothing: it is deleted, or cannot be read. */
  readonly object: RbacObject | undefined
  /** Bindings are evaluated in the order of their creation. */
  readonly position: number
  readonly revision: number
}

/** The roles and bindings of a store, as far as they are known. */
export interface StoredPolicy {
  readonly index: PolicyIndex
  /** Takes over an object, unless a later version of it is known already. An object that cannot be read grants nothing. @throws {Error} if it cannot be read. */
  set(object: StoredObject): void
  /** Takes over a deletion, likewise. */
  delete(deleted: Pick<StoredObject, 'key' | 'revision' | 'createdRevision'>): void
  /** All objects at this revision are known: those that were not set since the last call, at a later one, are gone. */
  keepListed(listed: ReadonlySet<string>, revision: number): void
  /** Everything up to this revision is known: nothing older will be told. */
  settle(revision: number): void
  /** Revisions begin again, as after another store took the place of this one. */
  restart(): void
}

/** An empty policy, to be filled from a store. */
export function storedPolicy(): StoredPolicy {
  const index = new PolicyIndex()
  const known = new Map<string, Known>()
  /** Keys of deleted objects, whose older versions may still be told. */
  const deleted = new Set<string>()

  const replace = (key: string, next: Known): void => {
    const before = known.get(key)
    if (before?.object !== undefined) takeBack(before.object, before.position)
    known.set(key, next)
    deleted.delete(key)
    const { object, position } = next
    if (object === undefined) return
    if (isBinding(object)) index.addBinding(object, position)
    else index.setRole(object)
  }

  /** A role stays until it is replaced, so that it is never missing in between. */
  const takeBack = (object: RbacObject, position: number): void => {
    if (isBinding(object)) index.removeBinding(object, position)
  }

  const forget = (key: string): void => {
    const before = known.get(key)
    if (before?.object !== undefined) {
      if (isBinding(before.object)) index.removeBinding(before.object, before.position)
      else index.deleteRole(before.object)
    }
    known.delete(key)
    deleted.delete(key)
  }

  const isNews = (key: string, revision: number): boolean => revision > (known.get(key)?.revision ?? -1)

  return {
    index,

    set(stored) {
      const { key, revision, createdRevision: position } = stored
      if (!isNews(key, revision)) return
      try {
        replace(key, { object: decoded(stored), position, revision })
      } catch (thrown) {
        forget(key)
        known.set(key, { object: undefined, position, revision })
        throw thrown
      }
    },

    delete({ key, revision, createdRevision: position }) {
      if (!isNews(key, revision)) return
      forget(key)
      known.set(key, { object: undefined, position, revision })
      deleted.add(key)
    },

    keepListed(listed, revision) {
      for (const [key, each] of known) if (!listed.has(key) && each.revision <= revision) forget(key)
    },

    settle(revision) {
      for (const key of deleted) if ((known.get(key)?.revision ?? 0) <= revision) forget(key)
    },

    restart() {
      for (const [key, each] of known) known.set(key, { ...each, revision: -1 })
    },
  }
}

function isBinding(object: RbacObject): object is AnyBinding {
  return object.kind === 'RoleBinding' || object.kind === 'ClusterRoleBinding'
}

/** @throws {Error} if it is not a role or binding. */
function decoded(stored: StoredObject): RbacObject {
  const { metadata, ...rest } = fromStored(stored, stored.revision)
  const errors = errorList({ hideValues: true })
  const { name = '', namespace = '', labels = {} } = metadata
  const object = decodeRbacObject({ ...rest, metadata: { name, namespace, labels } }, errors)
  if (object === undefined || object.kind === 'foreign' || errors.errors.length > 0) {
    throw new Error(`${stored.key} grants nothing, since it cannot be read: ${errors.toString()}`)
  }
  const path = namespace === '' ? name : `${namespace}/${name}`
  if (stored.key !== `${RBAC_PREFIX}${object.kind.toLowerCase()}s/${path}`) {
    throw new Error(`${stored.key} grants nothing, since the object there has another name`)
  }
  return object
}
