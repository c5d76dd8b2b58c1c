import { deferred } from './local/deferred.ts'
import { StoreError } from './store-error.ts'
import type { FollowOptions, StoreFollower } from './store-follower.ts'

/** How often the store is asked again that did not answer. */
const RETRY_MS = 500
/** How often it is looked, within the longest staleness, whether the watch works. */
const LOOKS = 3

/** Compares what was told of a store with how far the store is. */
export interface CurrencyCheck {
  /** Everything up to this revision was told. */
  told(revision: number): void
  /** Rejects if the store is another one than before, or the watch does not keep up with it. */
  readonly failed: Promise<never>
  stop(): void
}

/** Options of {@link currencyCheck}. */
export interface CurrencyCheckOptions extends Pick<FollowOptions, 'store' | 'clock'> {
  /** The revision that was told already. */
  readonly since: number
  /** How often the store is asked. */
  readonly everyMs: number
  /** The watch counts as failed if nothing is confirmed for so long, or if nothing at all is told for a third to two thirds of it. */
  readonly maxStalenessMs: number
}

/**
 * Asks a store from time to time for its last revision. When everything up to that has been told, the follower hears that it was current when the store was asked: an event
 * alone does not say how old it is.
 *
 * Source: KEP-2340, consistent reads from cache.
 */
export function currencyCheck(
  { store, clock, since, everyMs, maxStalenessMs }: CurrencyCheckOptions,
  follower: Pick<StoreFollower, 'asked' | 'confirmed'>,
): CurrencyCheck {
  const failing = deferred<never>()
  let latest = since
  /** What must be told for the last answer to be confirmed. */
  let wanted: number | undefined
  let isStopped = false
  let cancelAsking = (): void => {}
  let cancelLooking = (): void => {}
  let isHeard = false
  /** How often was looked since the last confirmation. */
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

  const asked = async (): Promise<number> => store.revision()

  function ask(): void {
    const before = latest
    follower.asked?.()
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
    told(revision) {
      latest = revision
      isHeard = true
      settle()
    },
    failed: failing.promise,
    stop() {
      isStopped = true
      cancelAsking()
      cancelLooking()
    },
  }
}
