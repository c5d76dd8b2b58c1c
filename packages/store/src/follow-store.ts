import type { Clock } from '@kube-authn/core'
import { deferred } from './local/deferred.ts'
import type { ObjectStore, StoreChange, StoredObject } from './object-store.ts'
import { isStoreError, StoreError } from './store-error.ts'
import { yieldToEventLoop } from './yield-to-event-loop.ts'

export interface StoreFollower {
  /** An object of a list, as it was at the revision of the list. */
  object(object: StoredObject): void
  /** All objects of the list were told, those with these keys: the others had been deleted. */
  listed(keys: ReadonlySet<string>, revision: number): void
  change(change: StoreChange): void
  /** Changes were missed, and all objects will be listed. If `isReplaced`, the store is another one than before: what is known of revisions is worth nothing. */
  gap(isReplaced: boolean): void
  /** The store was reached: everything up to now has been told, or will be at once. */
  reached(): void
  /** Changes cannot be followed: the store failed, or the follower could not take what it was told. It is tried again, unless `isFinal`. */
  failed(error: unknown, isFinal: boolean): void
  /** With `maxStalenessMs`: the store is about to be asked how far it is. */
  asked?(): void
  /** With `maxStalenessMs`: everything has been told that had happened when the store was last asked. */
  confirmed?(): void
}

interface FollowOptions {
  readonly store: Pick<ObjectStore, 'list' | 'watch' | 'revision'>
  readonly prefix: string
  readonly clock: Clock
  /** Ends it. */
  readonly signal: AbortSignal
  /**
   * Compare with the store that every change was told, often enough for a follower that must know it within this time, in milliseconds. A watch that is silent
   * or does not get there is begun anew. Default: the watch is trusted.
   */
  readonly maxStalenessMs?: number
}

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

export function delay(clock: Clock, delayMs: number, signal: AbortSignal): Promise<void> {
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

/** A burst of that many changes is followed without an interruption. */
const MAX_WAITING = 10_000
/** How often a watch shows that it works, and the store is asked how far it is. */
const PROGRESS_MS = 5000
/** How often a watch shows how far it is to a follower that must be current, which waits for it when the store is there again. */
const SHORT_PROGRESS_MS = 500

/** How often the store is asked again that did not answer. */
const RETRY_MS = 500
/** How often it is looked, within the longest staleness, whether the watch works. */
const LOOKS = 3

/**
 * Tells a follower of changes after a revision, until the signal aborts. What a watch still delivers after that is not told.
 *
 * @param onTold called with the revision of each event.
 * @throws {StoreError} if the watch ends, fails, or does not keep up with the store.
 */
async function watchChanges(
  options: FollowOptions,
  since: number,
  follower: StoreFollower,
  onTold: (revision: number) => void,
): Promise<void> {
  const { store, prefix, signal, maxStalenessMs } = options
  const round = new AbortController()
  const end = (): void => round.abort()
  signal.addEventListener('abort', end)
  if (signal.aborted) end()
  const progressMs =
    maxStalenessMs === undefined ? PROGRESS_MS : Math.min(SHORT_PROGRESS_MS, maxStalenessMs / 4)
  const check =
    maxStalenessMs === undefined ? undefined : currencyCheck(options, follower, since, maxStalenessMs)

  const read = async (): Promise<void> => {
    const events = store.watch(prefix, { since, signal: round.signal, maxWaiting: MAX_WAITING, progressMs })
    for await (const event of events) {
      if (round.signal.aborted) return
      if (event.type !== 'progress') follower.change(event)
      onTold(event.revision)
      follower.reached()
      check?.told(event.revision)
    }
    if (!round.signal.aborted) throw new StoreError('storeUnavailable', 'a watch has ended')
  }

  try {
    // A watch that stalls may not hear of its end either.
    await Promise.race([read(), aborted(round.signal), ...(check === undefined ? [] : [check.failed])])
  } finally {
    signal.removeEventListener('abort', end)
    check?.stop()
    end()
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}

/**
 * Asks a store from time to time for its last revision. When everything up to that has been told, the follower hears that it was current when the store was asked: an event
 * alone does not say how old it is.
 *
 * `told` hears that everything up to a revision was told. `failed` rejects if the store is another one than before, or the watch does not keep up with it.
 *
 * Source: KEP-2340, consistent reads from cache.
 *
 * @param since the revision that was told already.
 * @param maxStalenessMs the watch counts as failed if nothing is confirmed for so long, or if nothing at all is told for a third to two thirds of it.
 */
function currencyCheck(
  { store, clock }: FollowOptions,
  follower: StoreFollower,
  since: number,
  maxStalenessMs: number,
) {
  /** How often the store is asked. */
  const everyMs = Math.min(PROGRESS_MS, maxStalenessMs / 4)
  const failing = deferred<never>()
  let latest = since
  /** What must be told for the last answer to be confirmed. */
  let wanted: number | undefined
  let isStopped = false
  let cancelAsking = (): void => {}
  let cancelLooking = (): void => {}
  let isHeard = false
  /** Since the last confirmation. */
  let looks = 0
  const look = (): void => {
    looks++
    if (!isHeard || looks > LOOKS) {
      const what = isHeard ? 'has fallen behind the store' : 'is silent'
      failing.reject(new StoreError('storeUnavailable', `a watch ${what}`))
      return
    }
    isHeard = false
    lookLater()
  }
  /** One timer for all events of that time. */
  function lookLater(): void {
    cancelLooking = clock.after(maxStalenessMs / LOOKS, look)
  }
  const askLater = (delayMs: number): void => {
    cancelAsking = clock.after(delayMs, ask)
  }
  const settle = (): void => {
    if (wanted === undefined || latest < wanted) return
    wanted = undefined
    follower.confirmed?.()
    looks = 0
    askLater(everyMs)
  }

  function ask(): void {
    const before = latest
    follower.asked?.()
    // A store may throw too.
    const asked = async (): Promise<number> => store.revision()
    asked().then(
      (revision) => {
        if (isStopped) return
        if (revision < before) {
          failing.reject(new StoreError('revisionUnknown', 'the store is another one than before'))
        } else {
          wanted = revision
          settle()
        }
      },
      () => {
        if (!isStopped) askLater(Math.min(everyMs, RETRY_MS))
      },
    )
  }

  lookLater()
  ask()
  return {
    told(revision: number): void {
      latest = revision
      isHeard = true
      settle()
    },
    failed: failing.promise,
    stop(): void {
      isStopped = true
      cancelAsking()
      cancelLooking()
    },
  }
}
