import type { Awaitable, Clock } from '@kube-authn/core'
import { report } from '@kube-authn/core/internal'
import { yieldToEventLoop } from '@kube-authn/store/internal'

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
  /** The longest delay of a retry. Default 1,000,000. */
  readonly maxDelayMs?: number
  readonly clock: Clock
  /** Called for every failure. */
  readonly onError?: ((error: unknown) => void) | undefined
}

/** A queue with retries. */
export interface WorkQueue<T> {
  /** Adds an item, replacing a queued item with the same key. Settles when it has been processed once, even if that failed. */
  add(item: T): Promise<void>
  /** Adds an item in the same way, without waiting for it. */
  put(item: T): void
  /** Adds an item after this time, unless it is added before. */
  putLater(item: T, delayMs: number): void
  /** Retries what failed, without further delay. */
  retryNow(): void
  /** Settles as soon as nothing is processed and nothing waits to be, except for later. */
  idle(): Promise<void>
  /** Discards all queued items and cancels retries. What is processed goes on: see {@link WorkQueue.idle}. */
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
 * Processes items in order, and lets the event loop go on after some of them, but never two with the same key at a time: an item that is added while one with its key is processed waits for
 * it. A failed item is retried after 5 ms, and the delay doubles each time.
 *
 * Source: client-go `util/workqueue` (`DefaultControllerRateLimiter`).
 */
export function workQueue<T>(options: WorkQueueOptions<T>): WorkQueue<T> {
  const { keyOf, work, maxConcurrent, maxRetries, maxDelayMs = LONGEST_DELAY_MS, clock, onError } = options
  const entries = new Map<string, Entry<T>>()
  const ready = new Set<Entry<T>>()
  let waitingForIdle: (() => void)[] = []
  let active = 0
  let processed = 0
  let isStopped = false

  const begin = (): void => {
    for (const entry of ready) {
      if (active >= maxConcurrent) return
      if (entry.isActive) continue
      ready.delete(entry)
      void run(entry)
    }
    if (active > 0) return
    settle(waitingForIdle)
    waitingForIdle = []
  }

  const run = async (entry: Entry<T>): Promise<void> => {
    const { waiting } = entry
    entry.waiting = []
    entry.isActive = true
    active++
    cancelDelay(entry)
    try {
      await work(entry.item)
      entry.failures = 0
    } catch (error) {
      retryLater(entry)
      report(onError, error)
    }
    settle(waiting)
    if (++processed % ITEMS_IN_A_ROW === 0) await yieldToEventLoop()
    active--
    entry.isActive = false
    if (!ready.has(entry) && entry.callOff === undefined) entries.delete(entry.key)
    begin()
  }

  const retryLater = (entry: Entry<T>): void => {
    if (entry.failures >= maxRetries) {
      entry.failures = 0
      return
    }
    delay(entry, Math.min(FIRST_DELAY_MS * 2 ** entry.failures++, maxDelayMs))
  }

  /** Makes an entry ready after a time. It may be ready already, and then is not delayed. */
  const delay = (entry: Entry<T>, delayMs: number): void => {
    if (isStopped || ready.has(entry)) return
    entry.callOff?.()
    entry.callOff = clock.after(delayMs, () => makeReady(entry))
  }

  const makeReady = (entry: Entry<T>): void => {
    cancelDelay(entry)
    ready.add(entry)
    begin()
  }

  /** The entry of an item, which becomes the one that is processed. */
  const entryOf = (item: T): Entry<T> => {
    const key = keyOf(item)
    const entry = entries.get(key) ?? newEntry(key, item)
    entries.set(key, entry)
    entry.item = item
    return entry
  }

  return {
    add(item) {
      if (isStopped) return Promise.resolve()
      const entry = entryOf(item)
      const done = new Promise<void>((resolve) => void entry.waiting.push(resolve))
      makeReady(entry)
      return done
    },
    put(item) {
      if (!isStopped) makeReady(entryOf(item))
    },
    putLater(item, delayMs) {
      if (!isStopped) delay(entryOf(item), delayMs)
    },
    retryNow() {
      for (const entry of entries.values()) {
        if (entry.failures > 0 && entry.callOff !== undefined) makeReady(entry)
      }
    },
    idle: () =>
      new Promise((resolve) => {
        waitingForIdle.push(resolve)
        begin()
      }),
    stop() {
      isStopped = true
      ready.clear()
      for (const entry of entries.values()) {
        cancelDelay(entry)
        settle(entry.waiting)
      }
      entries.clear()
    },
  }
}

const FIRST_DELAY_MS = 5
const LONGEST_DELAY_MS = 1_000_000
/** How many items are processed before other work of the process gets a turn, if they never wait. */
const ITEMS_IN_A_ROW = 64

function newEntry<T>(key: string, item: T): Entry<T> {
  return { key, item, failures: 0, isActive: false, callOff: undefined, waiting: [] }
}

function cancelDelay<T>(entry: Entry<T>): void {
  entry.callOff?.()
  entry.callOff = undefined
}

function settle(waiting: readonly (() => void)[]): void {
  for (const resolve of waiting) resolve()
}
