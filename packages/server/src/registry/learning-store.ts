import type { ObjectStore, StoreChange, StoredObject } from '../store/object-store.ts'
import type { StoredRbac } from '../rbac/stored-rbac.ts'
import { RBAC_PREFIX } from './stored-objects.ts'

/** A store that tells an authorizer of the roles and bindings that are written through it, before the writer knows that they are written. */
export function learningStore(store: ObjectStore, rbac: Pick<StoredRbac, 'learn'>): ObjectStore {
  const learnt = async <T extends StoredObject | StoreChange>(writing: Promise<T>): Promise<T> => {
    const written = await writing
    if (written.key.startsWith(RBAC_PREFIX)) rbac.learn(written)
    return written
  }
  return {
    get: (...given) => store.get(...given),
    list: (...given) => store.list(...given),
    create: (...given) => learnt(store.create(...given)),
    update: (...given) => learnt(store.update(...given)),
    delete: (...given) => learnt(store.delete(...given)),
    watch: (...given) => store.watch(...given),
    revision: () => store.revision(),
    compact: (...given) => store.compact(...given),
    close: () => store.close(),
  }
}
