import type { ObjectStore, StoreChange, StoredObject } from '../store/object-store.ts'
import { storeNow } from '../store/store-clock.ts'

/** What keeps a copy of some of the objects. */
export interface Learner {
  /** It takes no notice of other objects. */
  learn(written: StoredObject | StoreChange): void
}

/** A store that tells learners what is written through it, before the writer knows that it is written. */
export function learningStore(store: ObjectStore, learners: readonly Learner[]): ObjectStore {
  if (learners.length === 0) return store
  const learnt = async <T extends StoredObject | StoreChange>(writing: Promise<T>): Promise<T> => {
    const written = await writing
    for (const each of learners) each.learn(written)
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
    now: () => storeNow(store),
    compact: (...given) => store.compact(...given),
    close: () => store.close(),
  }
}
