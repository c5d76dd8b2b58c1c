import { type Clock, systemClock } from '../clock.ts'
import { unavailable } from '../../authenticator/errors.ts'
import { BUSY_SECONDS } from '../retry-after.ts'
import { canWorkInBackground } from '../runtime.ts'
import { type RecentUse, recentUse } from './recent-use.ts'

/** On whose behalf a task runs. */
export interface Share {
  /** Digests of what is to have no more than its share: a name, an address. */
  readonly keys: readonly string[]
  /** What is most likely legitimate: it is preferred, and keeps its place when there is no room. */
  readonly isFamiliar: boolean
}

/** Runs a task now or, when too many run already, in a fair order. Throws when there is no room for it, or the signal is aborted first. */
export type FairLimit = <T>(task: () => Promise<T>, share: Share, signal?: AbortSignal) => Promise<T>

/** Options of {@link fairLimit}. */
export interface FairLimitOptions {
  readonly maxRunning: number
  readonly maxWaiting: number
  /** How long a task may wait, and a familiar one three times as long: after that it is refused as if there were no room. */
  readonly maxWaitMs: number
  /** The message where there is no room. */
  readonly tooMany: string
  readonly clock?: Clock
}

/** What is used halves in this time: a minute without any use makes up for one in the middle of it. */
const HALF_LIFE_MS = 60_000

/**
 * Bounds how many tasks run and how many wait, so that a client that causes many does not keep others from their turn.
 *
 * The task whose keys were used least lately comes first: the uses of all its keys are added up, so that neither one address with many names nor one
 * name from many addresses gets far. Every second turn belongs to a familiar task, if one waits, and every fourth to the one that waits
 * longest, so that none waits for ever. Where there is no room, the task that would come last has to go: it is *unavailable*, with
 * a time to try again. Room is cheap, and a client that waits does not ask again, so there should be much of it, for a short time.
 *
 * Nothing is bounded where the runtime bounds what each request may cost, as with `limitConcurrency`.
 */
export function fairLimit(options: FairLimitOptions): FairLimit {
  if (!canWorkInBackground()) return (task) => task()
  const { maxRunning, maxWaiting, maxWaitMs, tooMany, clock = systemClock } = options
  const waiting = new Set<Waiting>()
  let use: RecentUse | undefined
  let running = 0
  let turn = 0

  const usedBy = ({ keys }: Share): number => keys.reduce((sum, key) => sum + (use?.of(key) ?? 0), 0)

  /** Of those that wait; with equal use the one that waits longest. */
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

  /** Makes room for a task. Throws when that is what has to go. */
  const makeRoom = (share: Share): void => {
    if (waiting.size < maxWaiting) return
    use?.halve()
    let last: Waiting | undefined
    let most = share.isFamiliar ? -1 : usedBy(share) + share.keys.length
    for (const each of waiting) {
      const used = each.share.isFamiliar ? -1 : usedBy(each.share)
      // Of those with equal use the newest goes, and the one that is not in yet is the newest of all.
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
    // Its client has left already: it takes no turn, counts for nothing, and nothing makes way for it.
    if (signal?.aborted === true) throw givenUp(signal)
    use ??= recentUse(clock, HALF_LIFE_MS)
    if (running >= maxRunning) makeRoom(share)
    for (const key of share.keys) use.add(key)
    if (running >= maxRunning) await ownTurn(share, signal)
    // What ends hands its place on, so `running` stays as it is where one waited.
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

/** It has one of the next turns anyway, so a wait is only as long as a few tasks take. */
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
  return unavailable('it was not its turn in time', { cause: signal?.reason })
}

function busy(message: string): Error {
  return unavailable(message, { retryAfterSeconds: BUSY_SECONDS })
}
