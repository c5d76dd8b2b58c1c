import type { Clock } from '@kube-authn/core'
import { isStoreError } from './store-error.ts'
import type { FollowOptions, StoreFollower } from './store-follower.ts'
import { watchChanges } from './watch-changes.ts'
import { yieldToEventLoop } from './yield-to-event-loop.ts'

/** How many objects are read at a time. */
const PAGE = 500
const FIRST_DELAY_MS = 100
const LONGEST_DELAY_MS = 30_000
/** The same for a follower that must be current: others wait for it when the store is there again. */
const LONGEST_SHORT_DELAY_MS = 500

/**
 * Tells a follower of all objects with a prefix, and then of every change of them, in order. It resumes a watch that fails, lists the objects again if changes were
 * forgotten meanwhile, and waits between attempts: 100 ms, then twice as long each time, up to 30 s; with `maxStalenessMs`
 * up to 0.5 s, or a sixth of it.
 *
 * Source: client-go `tools/cache/reflector.go`.
 *
 * @returns when the signal has aborted, or the store was closed.
 */
export async function followStore(options: FollowOptions, follower: StoreFollower): Promise<void> {
  const { clock, signal, maxStalenessMs } = options
  const longestDelayMs =
    maxStalenessMs === undefined ? LONGEST_DELAY_MS : Math.min(LONGEST_SHORT_DELAY_MS, maxStalenessMs / 6)
  let since: number | undefined
  let delayMs = FIRST_DELAY_MS

  const follow = async (): Promise<void> => {
    since ??= await listAll(options, follower)
    if (since === undefined) return
    await watchChanges(options, since, follower, (revision) => {
      since = revision
      delayMs = FIRST_DELAY_MS
    })
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
    delayMs = Math.min(delayMs * 2, longestDelayMs)
  }
}

/** @returns the revision of the list; `undefined` if the signal aborted. */
async function listAll(
  { store, prefix, signal }: FollowOptions,
  follower: StoreFollower,
): Promise<number | undefined> {
  follower.asked?.()
  follower.listing?.()
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
  follower.confirmed?.()
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
