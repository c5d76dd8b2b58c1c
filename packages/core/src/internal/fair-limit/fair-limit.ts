import { type Clock, systemClock } from '../clock.ts'
import { unavailable } from '../../authenticator/errors.ts'
import { BUSY_SECONDS } from '../retry-after.ts'
import { canWorkInBackground } from '../runtime.ts'

/** The client that a task runs for. */
export interface Share {
  /** Digests of the properties whose use is limited fairly: a name, an address. */
  readonly keys: readonly string[]
  /** Whether the client is probably legitimate: it is preferred, and keeps its place if there is no room. */
  readonly isFamiliar: boolean
}

/** Runs a task at once, or in a fair order if too many are running. Throws if there is no room for it, or if the signal is aborted first. */
export type FairLimit = <T>(task: () => Promise<T>, share: Share, signal?: AbortSignal) => Promise<T>

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
    queue.use ??= new RecentUse(clock, HALF_LIFE_MS)
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

function next(queue: Queue): Waiting | undefined {
  queue.turn = (queue.turn + 1) % TURNS
  queue.use?.halve()
  const [oldest] = queue.waiting
  if (queue.turn === OLDEST) return oldest
  const preferred = queue.turn % 2 === 0 ? undefined : first(queue, isFamiliar)
  return preferred ?? first(queue)
}

/** The waiting task with the least use; among equals the oldest. */
function first(queue: Queue, isCandidate: (each: Waiting) => boolean = () => true): Waiting | undefined {
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

const isFamiliar = ({ share }: Waiting): boolean => share.isFamiliar

function givenUp(signal: AbortSignal | undefined): Error {
  return unavailable('aborted while waiting for its turn', { cause: signal?.reason })
}

function busy(message: string): Error {
  return unavailable(message, { retryAfterSeconds: BUSY_SECONDS })
}

/** Few enough to be cheap, but enough that a busy key rarely shares its count with another one. */
const SLOTS = 4096
/** After this many halvings every count is 0. */
const MAX_HALVINGS = 32

/**
 * Approximate recent counts of any number of keys, in a fixed amount of memory. They are halved at every half-life.
 *
 * Keys may share a count. So they must be digests under a secret key, as from `keyedDigest`: then an attacker cannot choose which key shares
 * a count with theirs.
 */
export class RecentUse {
  readonly #counts = new Uint32Array(SLOTS)
  readonly #clock: Clock
  readonly #halfLifeMs: number
  #halvedAtMs: number

  constructor(clock: Clock, halfLifeMs: number) {
    this.#clock = clock
    this.#halfLifeMs = halfLifeMs
    this.#halvedAtMs = clock.now()
  }

  add(key: string): void {
    this.halve()
    const slot = slotOf(key)
    this.#counts[slot] = this.of(key) + 1
  }

  /** The count as of the last call of {@link RecentUse.add} or {@link RecentUse.halve}. */
  of(key: string): number {
    return this.#counts[slotOf(key)] ?? 0
  }

  /** Brings the counts up to date. */
  halve(): void {
    const halvings = Math.floor((this.#clock.now() - this.#halvedAtMs) / this.#halfLifeMs)
    if (halvings <= 0) return
    this.#halvedAtMs += halvings * this.#halfLifeMs
    if (halvings >= MAX_HALVINGS) this.#counts.fill(0)
    else for (const [slot, count] of this.#counts.entries()) this.#counts[slot] = count >>> halvings
  }
}

/** A digest has one character per byte. */
function slotOf(digest: string): number {
  return ((digest.charCodeAt(0) << 8) | digest.charCodeAt(1)) % SLOTS
}
