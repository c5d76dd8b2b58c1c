import type { Awaitable, Clock } from '@kube-authn/core'
import { report } from '@kube-authn/core/internal'

/** Options of {@link workQueue}. */
export interface WorkQueueOptions<T> {
  /** Items with the same key are the same item. */
  readonly keyOf: (item: T) => string
  /** Processes an item. If it throws, the item is retried later. */
  readonly work: (item: T) => Awaitable<void>
  /** How many items are processed at a time. */
  readonly maxConcurrent: number
  /** How many times a failed item is retried. */
  readonly maxRetries: number
  readonly clock: Clock
  /** Called for every failure. */
  readonly onError?: ((error: unknown) => void) | undefined
}

/** A queue with retries. */
export interface WorkQueue<T> {
  /** Adds an item, replacing a queued item with the same key. Settles when it has been processed once, even if that failed. */
  add(item: T): Promise<void>
  /** Discards all queued items and cancels retries. */
  stop(): void
}

interface Entry<T> {
  readonly key: string
  item: T
  failures: number
  isActive: boolean
  /** Cancels the retry. */
  callOff: (() => void) | undefined
  /** Resolves the callers that wait until it is processed. */
  waiting: (() => void)[]
}

/**
 * Processes items in order, but never two with the same key at a time: an item that is added while one with its key is processed waits for
 * it. A failed item is retried after 5 ms, and the delay doubles each time.
 *
 * Source: client-go `util/workqueue` (`DefaultControllerRateLimiter`).
 */
export function workQueue<T>(options: WorkQueueOptions<T>): WorkQueue<T> {
  const { keyOf, work, maxConcurrent, maxRetries, clock, onError } = options
  const entries = new Map<string, Entry<T>>()
  const ready = new Set<Entry<T>>()
  let active = 0
  let isStopped = false

  const begin = (): void => {
    for (const entry of ready) {
      if (active >= maxConcurrent) return
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
    // It may already be queued again.
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
