import type { Lifetime, ObjectStore } from '../store/object-store.ts'
import { storeNow } from '../store/store-clock.ts'
import type { Resource } from './resource.ts'
import { fromStored, keyPrefix } from './stored-objects.ts'

/** A store that ends the objects of resources that have an end, by its own time. */
export function expiringStore(store: ObjectStore, resources: readonly Resource[]): ObjectStore {
  const expiring = resources.flatMap((resource) => {
    const { lifetime } = resource
    return lifetime === undefined ? [] : [{ prefix: keyPrefix(resource, ''), lifetime }]
  })
  const lifetimeOf = (key: string, value: string, given: Lifetime | undefined): Lifetime | undefined => {
    const found = expiring.find(({ prefix }) => key.startsWith(prefix))
    const own = found?.lifetime(fromStored({ value }, 0))
    return own === undefined ? given : { ...given, ...own }
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
    now: () => storeNow(store),
    compact: (...given) => store.compact(...given),
    close: () => store.close(),
  }
}
