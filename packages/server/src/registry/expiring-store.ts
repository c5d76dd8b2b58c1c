import type { Clock } from '@kube-authn/core'
import type { Lifetime, ObjectStore } from '../store/object-store.ts'
import type { Resource } from './resource.ts'
import { fromStored, keyPrefix } from './stored-objects.ts'

/** A store that ends the objects of resources that have an end. */
export function expiringStore(store: ObjectStore, resources: readonly Resource[], clock: Clock): ObjectStore {
  const expiring = resources.flatMap((resource) =>
    resource.expiresAtMs === undefined
      ? []
      : [{ prefix: keyPrefix(resource, ''), endOf: resource.expiresAtMs }],
  )
  const lifetimeOf = (key: string, value: string, given: Lifetime | undefined): Lifetime | undefined => {
    const found = expiring.find(({ prefix }) => key.startsWith(prefix))
    if (found === undefined) return given
    const nowMs = clock.now()
    const endMs = found.endOf(fromStored({ value }, 0), nowMs)
    // One that has ended goes at once.
    return endMs === undefined ? given : { ...given, ttlMs: Math.max(1, endMs - nowMs) }
  }
  return {
    get: (...given) => store.get(...given),
    list: (...given) => store.list(...given),
    create: (key, value, lifetime) => store.create(key, value, lifetimeOf(key, value, lifetime)),
    update: (key, value, revision, lifetime) =>
      store.update(key, value, revision, lifetimeOf(key, value, lifetime)),
    delete: (...given) => store.delete(...given),
    watch: (...given) => store.watch(...given),
    revision: () => store.revision(),
    compact: (...given) => store.compact(...given),
    close: () => store.close(),
  }
}
