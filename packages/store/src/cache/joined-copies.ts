import type { StoreCache, StoreCopy } from './store-cache.ts'

/** Several copies of one store as one, when all of them are known. If one of them cannot be made, all are closed. */
export async function joinedCopies(...caches: readonly StoreCache<unknown>[]): Promise<StoreCopy> {
  const close = async (): Promise<void> => {
    await Promise.all(caches.map((each) => each.close()))
  }
  try {
    await Promise.all(caches.map(({ ready }) => ready))
  } catch (error) {
    await close()
    throw error
  }
  return {
    /** That of the one that is behind most. */
    get outdatedSinceMs() {
      const first = Math.min(...caches.map(({ outdatedSinceMs }) => outdatedSinceMs ?? Infinity))
      return first === Infinity ? undefined : first
    },
    health: () => caches.flatMap((each) => each.health()),
    learn(written) {
      for (const each of caches) each.learn(written)
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}
