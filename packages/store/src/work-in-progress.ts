import { closed } from './store-error.ts'

/** Work that is completed before a store is closed. */
export interface WorkInProgress {
  /** Begins work. @throws {StoreError} `closed` */
  begin<T>(this: void, work: () => Promise<T>): Promise<T>
  /** No more work begins. Returns whether it was open until now. */
  end(): boolean
  readonly hasEnded: () => boolean
  /** @throws {StoreError} `closed` */
  requireOpen(this: void): void
  /** Resolves when all that was begun is completed. */
  completed(): Promise<unknown>
}

export function workInProgress(): WorkInProgress {
  const begun = new Set<Promise<unknown>>()
  let hasEnded = false
  const requireOpen = (): void => {
    if (hasEnded) throw closed()
  }
  return {
    async begin(work) {
      requireOpen()
      const running = work()
      begun.add(running)
      try {
        return await running
      } finally {
        begun.delete(running)
      }
    },
    end() {
      const wasOpen = !hasEnded
      hasEnded = true
      return wasOpen
    },
    hasEnded: () => hasEnded,
    requireOpen,
    completed: () => Promise.allSettled(begun),
  }
}
