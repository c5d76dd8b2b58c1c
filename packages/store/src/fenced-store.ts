import { forwardedStore } from './forwarded-store.ts'
import type { Fence, ObjectStore } from './object-store.ts'
import { fencedOff, isStoreError } from './store-error.ts'

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
    ...forwardedStore(store),
    create: (key, value, lifetime) => written(() => store.create(key, value, { ...lifetime, fence })),
    update: (key, value, revision, lifetime) =>
      written(() => store.update(key, value, revision, { ...lifetime, fence })),
    delete: (key, precondition) => written(() => store.delete(key, { ...precondition, fence })),
  }
}
