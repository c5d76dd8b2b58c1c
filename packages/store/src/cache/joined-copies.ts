import type { StoreCache, StoreCopy } from './store-cache.ts'

/** Several copies of one store as one. If one of them cannot be made, all are closed. */
export function joinedCopies(
  caches: readonly StoreCache<unknown>[],
): StoreCopy & { readonly ready: Promise<unknown> } {
  const close = (): void => {
    for (const each of caches) each.close()
  }
  const all = Promise.all(caches.map(({ ready }) => ready))
  return {
    ready: all.catch((error: unknown) => {
      close()
      throw error
    }),
    /** That of the one that is behind most. */
    get outdatedSinceMs() {
      const times = caches.map(({ outdatedSinceMs }) => outdatedSinceMs ?? Infinity)
      const first = Math.min(...times)
      return first === Infinity ? undefined : first
    },
    health: () => caches.flatMap((each) => each.health()),
    learn(written) {
      for (const each of caches) each.learn(written)
    },
    close,
  }
}
