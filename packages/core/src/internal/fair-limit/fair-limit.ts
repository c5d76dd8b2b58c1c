import { type Clock, systemClock } from '../clock.ts'
import { unavailable } from '../../authenticator/errors.ts'
import { BUSY_SECONDS } from '../retry-after.ts'
import { canWorkInBackground } from '../runtime.ts'
import { type RecentUse, recentUse } from './recent-use.ts'

/** The client that a task runs for. */
export interface Share {
  /** Digests of the properties whose use is limited fairly: a name, an address. */
  readonly keys: readonly string[]
  /** Whether the client is probably legitimate: it is preferred, and keeps its place if there is no room. */
  readonly isFamiliar: boolean
}

/** Runs a task at once, or in a fair order if too many are running. Throws if there is no room for it, or if the signal is aborted first. */
export type FairLimit = <T>(task: () => Promise<T>, share: Share, signal?: AbortSignal) => Promise<T>

/** Options of {@link fairLimit}. */
export interface FairLimitOptions {
  readonly maxConcurrent: number
  readonly maxWaiting: number
  /** How long a task may wait, and a familiar one three times as long, before it is refused as if there were no room. */
  readonly maxWaitMs: number
  /** The error message if there is no room. */
  readonly tooMany: string
  readonly clock?: Clock
}

/** Counts of use are halved once in this time. */
const HALF_LIFE_MS = 60_000

/**
 * Limits how many tasks run and how many wait, so that a client with many tasks does not block others.
 *
 * The task whose keys had the least recent use runs first: the use of all its keys is added, so that neither one address with many names nor
 * one name from many addresses gets far. Every second turn goes to a familiar task, if one is waiting, and every fourth to the oldest task,
 * so that none waits forever. If there is no room, the task that would run last is refused: it is *unavailable*, with a time to retry. Room
 * is cheap, and a waiting client does not retry, so allow many waiting tasks for a short time.
 *
 * There is no limit on runtimes that limit the cost of each request themselves, as with `limitConcurrency`.
 */
export function fairLimit(options: FairLimitOptions): FairLimit {
  if (!canWorkInBackground()) return (task) => task()
  const { maxConcurrent, maxWaiting, maxWaitMs, tooMany, clock = systemClock } = options
  const waiting = new Set<Waiting>()
  let use: RecentUse | undefined
  let running = 0
  let turn = 0

  const usedBy = ({ keys }: Share): number => keys.reduce((sum, key) => sum + (use?.of(key) ?? 0), 0)

  /** The waiting task with the least use; among equals the oldest. */
  const first = (isCandidate: (each: Waiting) => boolean): Waiting | undefined => {
    let found: Waiting | undefined
    let least = Infinity
    for (const each of waiting) {
      const used = isCandidate(each) ? usedBy(each.share) : Infinity
      if (used < least) {
        found = each
        least = used
      }
    }
    return found
  }

  const next = (): Waiting | undefined => {
    turn = (turn + 1) % TURNS
    use?.halve()
    if (turn === OLDEST) return oldest(waiting)
    const preferred = turn % 2 === 0 ? undefined : first(isFamiliar)
    return preferred ?? first(always)
  }

  /** Makes room for a task by refusing another one. Throws if the task itself is to be refused. */
  const makeRoom = (share: Share): void => {
    if (waiting.size < maxWaiting) return
    use?.halve()
    let last: Waiting | undefined
    let most = share.isFamiliar ? -1 : usedBy(share) + share.keys.length
    for (const each of waiting) {
      const used = each.share.isFamiliar ? -1 : usedBy(each.share)
      // Among tasks with equal use the newest is refused, and the one not queued yet is the newest.
      if (used > most || (used === most && last !== undefined)) {
        last = each
        most = used
      }
    }
    if (last === undefined) throw busy(tooMany)
    waiting.delete(last)
    last.refuse(busy(tooMany))
  }

  const ownTurn = (share: Share, signal: AbortSignal | undefined): Promise<void> =>
    new Promise((resolve, reject) => {
      const end = (): void => {
        cancelTimeout()
        signal?.removeEventListener('abort', giveUp)
      }
      const own: Waiting = {
        share,
        start() {
          end()
          resolve()
        },
        refuse(error) {
          end()
          reject(error)
        },
      }
      const cancelTimeout = clock.after(share.isFamiliar ? FAMILIAR_PATIENCE * maxWaitMs : maxWaitMs, () => {
        waiting.delete(own)
        own.refuse(busy(tooMany))
      })
      const giveUp = (): void => {
        waiting.delete(own)
        own.refuse(givenUp(signal))
      }
      waiting.add(own)
      signal?.addEventListener('abort', giveUp, { once: true })
    })

  return async (task, share, signal) => {
    // The client has already disconnected: the task is not counted, and no other task is refused for it.
    if (signal?.aborted === true) throw givenUp(signal)
    use ??= recentUse(clock, HALF_LIFE_MS)
    if (running >= maxConcurrent) makeRoom(share)
    for (const key of share.keys) use.add(key)
    if (running >= maxConcurrent) await ownTurn(share, signal)
    // A finished task passes its slot on, so `running` does not change if the task had to wait.
    else running++
    try {
      return await task()
    } finally {
      const following = next()
      if (following === undefined) {
        running--
      } else {
        waiting.delete(following)
        following.start()
      }
    }
  }
}

interface Waiting {
  readonly share: Share
  readonly start: () => void
  readonly refuse: (error: Error) => void
}

/** A familiar task gets one of the next turns anyway, so it waits only as long as a few tasks take. */
const FAMILIAR_PATIENCE = 3

const TURNS = 4
const OLDEST = 0

const always = (): boolean => true
const isFamiliar = ({ share }: Waiting): boolean => share.isFamiliar

function oldest(waiting: Iterable<Waiting>): Waiting | undefined {
  const [found] = waiting
  return found
}

function givenUp(signal: AbortSignal | undefined): Error {
  return unavailable('aborted while waiting for its turn', { cause: signal?.reason })
}

function busy(message: string): Error {
  return unavailable(message, { retryAfterSeconds: BUSY_SECONDS })
}
