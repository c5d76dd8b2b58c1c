import type { Clock } from '@kube-authn/core'
import type { ObjectStore } from '../store/object-store.ts'
import { tooLargeVersion } from './status-errors.ts'

/** How long a client waits for a version that it names. Source: apiserver `pkg/storage/cacher/watch_cache.go` blockTimeout. */
const WAIT_MS = 3000
const POLL_MS = 100

/** What waiting needs. */
export interface Waiting {
  readonly store: Pick<ObjectStore, 'revision'>
  readonly clock: Clock
  /** Ends it early. */
  readonly signal: AbortSignal
}

/**
 * Waits until a store has reached a version, for at most 3 seconds.
 *
 * Source: apiserver `pkg/storage/cacher/watch_cache.go` waitUntilFreshAndBlock, `pkg/storage/errors.go` NewTooLargeResourceVersionError.
 *
 * @throws {StatusError} 504 if it does not reach it.
 */
export async function awaitVersion({ store, clock, signal }: Waiting, version: number): Promise<void> {
  const endMs = clock.now() + WAIT_MS
  for (;;) {
    const current = await store.revision()
    if (current >= version) return
    if (clock.now() >= endMs || signal.aborted) throw tooLargeVersion(`${version}, current: ${current}`)
    await pause(clock, signal)
  }
}

function pause(clock: Clock, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const go = (): void => {
      cancel()
      signal.removeEventListener('abort', go)
      resolve()
    }
    const cancel = clock.after(POLL_MS, go)
    signal.addEventListener('abort', go)
  })
}
