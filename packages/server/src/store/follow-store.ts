import type { Clock } from '@kube-authn/core'
import type { ObjectStore, StoreChange, StoredObject } from './object-store.ts'
import { isStoreError, StoreError } from './store-error.ts'
import { yieldToEventLoop } from './yield-to-event-loop.ts'

/** What is told of the followed objects. */
export interface StoreFollower {
  /** An object of a list, as it was at the revision of the list. */
  object(object: StoredObject): void
  /** All objects of the list were told, those with these keys: the others had been deleted. */
  listed(keys: ReadonlySet<string>, revision: number): void
  change(change: StoreChange): void
  /** Changes were missed, and all objects are about to be listed. If `isReplaced`, the store is another one than before: what is known of revisions is worth nothing. */
  gap(isReplaced: boolean): void
  /** The store was reached: everything up to now has been told, or will be at once. */
  reached(): void
  /** Changes cannot be followed: the store failed, or the follower could not take what it was told. It is tried again, unless `isFinal`. */
  failed(error: unknown, isFinal: boolean): void
}

/** Options of {@link followStore}. */
export interface FollowOptions {
  readonly store: ObjectStore
  readonly prefix: string
  readonly clock: Clock
  /** Ends it. */
  readonly signal: AbortSignal
}

/** How many objects are read at a time. */
const PAGE = 500
/** A burst of that many changes is followed without an interruption. */
const MAX_WAITING = 10_000
const FIRST_DELAY_MS = 100
const LONGEST_DELAY_MS = 30_000
/** How often the watch shows that it works. */
const PROGRESS_MS = 5000

/**
 * Tells a follower of all objects with a prefix, and then of every change of them, in order. It resumes a watch that fails, lists the objects again if changes were
 * forgotten meanwhile, and waits between attempts: 100 ms, then twice as long each time, up to 30 s.
 *
 * Source: client-go `tools/cache/reflector.go`.
 *
 * @returns when the signal has aborted, or the store was closed.
 */
export async function followStore(options: FollowOptions, follower: StoreFollower): Promise<void> {
  const { store, prefix, clock, signal } = options
  let since: number | undefined
  let delayMs = FIRST_DELAY_MS

  const follow = async (): Promise<void> => {
    since ??= await listAll(options, follower)
    if (since === undefined) return
    const events = store.watch(prefix, { since, signal, maxWaiting: MAX_WAITING, progressMs: PROGRESS_MS })
    for await (const event of events) {
      if (event.type !== 'progress') follower.change(event)
      since = event.revision
      delayMs = FIRST_DELAY_MS
      follower.reached()
    }
    if (!signal.aborted) throw new StoreError('storeUnavailable', 'a watch has ended')
  }

  while (!signal.aborted) {
    try {
      await follow()
    } catch (thrown) {
      if (signal.aborted) return
      // What was not read is read again.
      if (isStoreError(thrown, 'watchTooSlow')) continue
      const isReplaced = isStoreError(thrown, 'revisionUnknown')
      const isFinal = isStoreError(thrown, 'closed')
      if (isReplaced || isStoreError(thrown, 'revisionCompacted')) {
        since = undefined
        follower.gap(isReplaced)
      } else follower.failed(thrown, isFinal)
      if (isFinal) return
    }
    if (signal.aborted) return
    await delay(clock, delayMs, signal)
    delayMs = Math.min(delayMs * 2, LONGEST_DELAY_MS)
  }
}

/** @returns the revision of the list; `undefined` if the signal aborted. */
async function listAll(
  { store, prefix, signal }: FollowOptions,
  follower: StoreFollower,
): Promise<number | undefined> {
  let page = await store.list(prefix, { limit: PAGE })
  const { revision } = page
  const keys = new Set<string>()
  for (;;) {
    for (const object of page.objects) {
      keys.add(object.key)
      follower.object(object)
    }
    if (page.continue === undefined) break
    await yieldToEventLoop()
    if (signal.aborted) return undefined
    page = await store.list(prefix, { limit: PAGE, continue: page.continue })
  }
  follower.listed(keys, revision)
  follower.reached()
  return revision
}

/** Resolves after some time, or when the signal aborts. */
function delay(clock: Clock, delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      cancel()
      signal.removeEventListener('abort', done)
      resolve()
    }
    const cancel = clock.after(delayMs, done)
    signal.addEventListener('abort', done)
  })
}
