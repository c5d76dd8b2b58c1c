import { countObjects } from './count-objects.ts'
import type { ObjectStore } from './object-store.ts'
import { storeNow } from './store-time.ts'

/** The same store, as an object of which methods can be replaced by a spread: those of a store may be of a class. */
export function forwardedStore(store: ObjectStore): ObjectStore {
  return {
    get: (...given) => store.get(...given),
    list: (...given) => store.list(...given),
    count: (...given) => countObjects(store, ...given),
    create: (...given) => store.create(...given),
    update: (...given) => store.update(...given),
    delete: (...given) => store.delete(...given),
    watch: (...given) => store.watch(...given),
    revision: () => store.revision(),
    now: () => storeNow(store),
    ...(store.status !== undefined && { status: () => store.status?.() ?? {} }),
    compact: (...given) => store.compact(...given),
    close: () => store.close(),
    [Symbol.asyncDispose]: () => store.close(),
  }
}
