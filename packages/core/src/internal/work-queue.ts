import type { Awaitable } from './awaitable.ts'
import type { Clock } from './clock.ts'
import { report } from './report.ts'

/** What {@link workQueue} works with. */
export interface WorkQueueOptions<T> {
  /** What tells one item from another. */
  readonly keyOf: (item: T) => string
  /** What is done with an item. When it throws, the item comes back later. */
  readonly work: (item: T) => Awaitable<void>
  /** How many items are worked on at a time. */
  readonly concurrency: number
  /** How often an item that failed comes back before it is given up. */
  readonly maxRetries: number
  readonly clock: Clock
  /** Told of every failure. */
  readonly onError?: ((error: unknown) => void) | undefined
}

/** Items in line. */
export interface WorkQueue<T> {
  /** Puts an item in line, in the place of its like if that is there. Settles when it was worked on once, however that went. */
  add(item: T): Promise<void>
  /** Calls off everything that is still to come. */
  stop(): void
}

interface Entry<T> {
  readonly key: string
  item: T
  failures: number
  isActive: boolean
  /** Calls off its coming back. */
  callOff: (() => void) | undefined
  /** Those who wait for the next time it is worked on. */
  waiting: (() => void)[]
}

/**
 * Works on items in the order they come, and on none twice at a time: an item that comes while its like is worked on waits until that is
 * done. What fails comes back after 5 ms, and each time after twice as long.
 *
 * Source: client-go `util/workqueue` (`DefaultControllerRateLimiter`).
 */
export function workQueue<T>(options: WorkQueueOptions<T>): WorkQueue<T> {
  const { keyOf, work, concurrency, maxRetries, clock, onError } = options
  const entries = new Map<string, Entry<T>>()
  const ready = new Set<Entry<T>>()
  let active = 0
  let isStopped = false

  const begin = (): void => {
    for (const entry of ready) {
      if (active >= concurrency) return
      if (entry.isActive) continue
      ready.delete(entry)
      void run(entry)
    }
  }

  const run = async (entry: Entry<T>): Promise<void> => {
    const { waiting } = entry
    entry.waiting = []
    entry.isActive = true
    active++
    try {
      await work(entry.item)
      entry.failures = 0
    } catch (error) {
      retryLater(entry)
      report(onError, error)
    }
    active--
    entry.isActive = false
    if (!ready.has(entry) && entry.callOff === undefined) entries.delete(entry.key)
    settle(waiting)
    begin()
  }

  const retryLater = (entry: Entry<T>): void => {
    if (entry.failures >= maxRetries) {
      entry.failures = 0
      return
    }
    const delayMs = Math.min(FIRST_DELAY_MS * 2 ** entry.failures++, LONGEST_DELAY_MS)
    // It may be back in line already.
    if (isStopped || ready.has(entry)) return
    entry.callOff = clock.after(delayMs, () => {
      entry.callOff = undefined
      ready.add(entry)
      begin()
    })
  }

  return {
    add(item) {
      if (isStopped) return Promise.resolve()
      const key = keyOf(item)
      const entry = entries.get(key) ?? newEntry(key, item)
      entries.set(key, entry)
      entry.item = item
      entry.callOff?.()
      entry.callOff = undefined
      ready.add(entry)
      const done = new Promise<void>((resolve) => void entry.waiting.push(resolve))
      begin()
      return done
    },
    stop() {
      isStopped = true
      ready.clear()
      for (const entry of entries.values()) {
        entry.callOff?.()
        entry.callOff = undefined
        settle(entry.waiting)
      }
      entries.clear()
    },
  }
}

const FIRST_DELAY_MS = 5
const LONGEST_DELAY_MS = 1_000_000

function newEntry<T>(key: string, item: T): Entry<T> {
  return { key, item, failures: 0, isActive: false, callOff: undefined, waiting: [] }
}

function settle(waiting: readonly (() => void)[]): void {
  for (const resolve of waiting) resolve()
}
