import type { Fence, ObjectStore } from './object-store.ts'
import { fencedOff, isStoreError } from './store-error.ts'
import { storeNow } from './store-time.ts'

export interface FencedStoreOptions {
  readonly fence: Fence
  /** Once it has aborted, writes are refused without asking the engine. */
  readonly signal: AbortSignal
  /** Called when the engine has refused a write because the fence does not stand any more. */
  readonly onFenced: () => void
}

export function fencedStore(
  store: ObjectStore,
  { fence, signal, onFenced }: FencedStoreOptions,
): ObjectStore {
  const written = async <T>(write: () => Promise<T>): Promise<T> => {
    if (signal.aborted) throw fencedOff()
    try {
      return await write()
    } catch (thrown) {
      if (isStoreError(thrown, 'fenced')) onFenced()
      throw thrown
    }
  }
  return {
    get: (...given) => store.get(...given),
    list: (...given) => store.list(...given),
    create: (key, value, lifetime) => written(() => store.create(key, value, { ...lifetime, fence })),
    update: (key, value, revision, lifetime) =>
      written(() => store.update(key, value, revision, { ...lifetime, fence })),
    delete: (key, precondition) => written(() => store.delete(key, { ...precondition, fence })),
    watch: (...given) => store.watch(...given),
    revision: () => store.revision(),
    now: () => storeNow(store),
    compact: (...given) => store.compact(...given),
    close: () => store.close(),
    [Symbol.asyncDispose]: () => store.close(),
  }
}
