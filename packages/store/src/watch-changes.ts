import { currencyCheck } from './currency-check.ts'
import { StoreError } from './store-error.ts'
import type { FollowOptions, StoreFollower } from './store-follower.ts'

/** A burst of that many changes is followed without an interruption. */
const MAX_WAITING = 10_000
/** How often a watch shows that it works, and the store is asked how far it is. */
const PROGRESS_MS = 5000
/** How often a watch shows how far it is to a follower that must be current, which waits for it when the store is there again. */
const SHORT_PROGRESS_MS = 500

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
  const longestMs = (maxStalenessMs ?? Infinity) / 4
  const progressMs = maxStalenessMs === undefined ? PROGRESS_MS : Math.min(SHORT_PROGRESS_MS, longestMs)
  const check =
    maxStalenessMs === undefined
      ? undefined
      : currencyCheck(
          { ...options, since, everyMs: Math.min(PROGRESS_MS, longestMs), maxStalenessMs },
          follower,
        )

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
