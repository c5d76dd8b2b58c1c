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
  const { maxConcurrent, clock = systemClock } = options
  const queue: Queue = { ...options, clock, waiting: new Set(), use: undefined, turn: 0 }
  let running = 0

  return async (task, share, signal) => {
    // The client has already disconnected: the task is not counted, and no other task is refused for it.
    if (signal?.aborted === true) throw givenUp(signal)
    queue.use ??= recentUse(clock, HALF_LIFE_MS)
    if (running >= maxConcurrent) makeRoom(queue, share)
    for (const key of share.keys) queue.use.add(key)
    if (running >= maxConcurrent) await ownTurn(queue, share, signal)
    // A finished task passes its slot on, so `running` does not change if the task had to wait.
    else running++
    try {
      return await task()
    } finally {
      const following = next(queue)
      if (following === undefined) {
        running--
      } else {
        queue.waiting.delete(following)
        following.start()
      }
    }
  }
}

/** The tasks that wait, and what their order depends on. */
interface Queue extends FairLimitOptions {
  readonly clock: Clock
  /** The oldest first. */
  readonly waiting: Set<Waiting>
  /** Made for the first task. */
  use: RecentUse | undefined
  turn: number
}

function usedBy({ use }: Queue, { keys }: Share): number {
  return keys.reduce((sum, key) => sum + (use?.of(key) ?? 0), 0)
}

/** The task whose turn it is. */
function next(queue: Queue): Waiting | undefined {
  queue.turn = (queue.turn + 1) % TURNS
  queue.use?.halve()
  if (queue.turn === OLDEST) return oldest(queue.waiting)
  const preferred = queue.turn % 2 === 0 ? undefined : first(queue, isFamiliar)
  return preferred ?? first(queue, always)
}

/** The waiting task with the least use; among equals the oldest. */
function first(queue: Queue, isCandidate: (each: Waiting) => boolean): Waiting | undefined {
  let found: Waiting | undefined
  let least = Infinity
  for (const each of queue.waiting) {
    const used = isCandidate(each) ? usedBy(queue, each.share) : Infinity
    if (used < least) {
      found = each
      least = used
    }
  }
  return found
}

/** Makes room for a task by refusing another one. Throws if the task itself is to be refused. */
function makeRoom(queue: Queue, share: Share): void {
  const { waiting, maxWaiting, tooMany } = queue
  if (waiting.size < maxWaiting) return
  queue.use?.halve()
  let last: Waiting | undefined
  let most = share.isFamiliar ? -1 : usedBy(queue, share) + share.keys.length
  for (const each of waiting) {
    const used = each.share.isFamiliar ? -1 : usedBy(queue, each.share)
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

/** Waits until it is the turn of a task. */
function ownTurn(
  { waiting, clock, maxWaitMs, tooMany }: Queue,
  share: Share,
  signal: AbortSignal | undefined,
): Promise<void> {
  return new Promise((resolve, reject) => {
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
