import { deferred } from './local/deferred.ts'
import { StoreError } from './store-error.ts'
import type { FollowOptions, StoreFollower } from './store-follower.ts'

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
export async function watchChanges(
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
 * `failed` rejects if the store is another one than before, or the watch does not keep up with it.
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
  /** A timer for each event would cost more than the event. */
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
          return
        }
        wanted = revision
        settle()
      },
      () => {
        if (!isStopped) askLater(Math.min(everyMs, RETRY_MS))
      },
    )
  }

  lookLater()
  ask()
  return {
    /** Everything up to this revision was told. */
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
