import type { ObjectStore, StoreChange, StoredObject } from '../store/object-store.ts'

/** What follows the objects with a prefix. */
export interface Learner {
  learn(written: StoredObject | StoreChange): void
}

/** A store that tells a learner of the objects with this prefix that are written through it, before the writer knows that they are written. */
export function learningStore(store: ObjectStore, prefix: string, learner: Learner | undefined): ObjectStore {
  if (learner === undefined) return store
  const learnt = async <T extends StoredObject | StoreChange>(writing: Promise<T>): Promise<T> => {
    const written = await writing
    if (written.key.startsWith(prefix)) learner.learn(written)
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
