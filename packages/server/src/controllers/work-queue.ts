import type { Awaitable, Clock } from '@kube-authn/core'
import { yieldToEventLoop } from '@kube-authn/store/internal'

export interface WorkQueueOptions<T> {
  /** Items with the same key are the same item. */
  readonly keyOf: (item: T) => string
  /** Processes an item. If it rejects, the item is retried later. */
  readonly work: (item: T) => Awaitable<void>
  /** How many items are processed at a time. */
  readonly maxConcurrent: number
  readonly maxDelayMs: number
  readonly clock: Clock
}

export interface WorkQueue<T> {
  /** Adds an item, replacing a queued item with the same key. */
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
  cancel: (() => void) | undefined
}

const FIRST_DELAY_MS = 5
/** How many items are processed before other work of the process gets a turn, if they never wait. */
const ITEMS_IN_A_ROW = 64

/**
 * Processes items in order, and lets the event loop go on after some of them, but never two with the same key at a time: an item that is added while one with its key is processed waits for
 * it. A failed item is retried after 5 ms, and the delay doubles each time.
 *
 * Source: client-go `util/workqueue` (`DefaultControllerRateLimiter`).
 */
export function workQueue<T>(options: WorkQueueOptions<T>): WorkQueue<T> {
  const { keyOf, work, maxConcurrent, maxDelayMs, clock } = options
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
    for (const resolve of waitingForIdle) resolve()
    waitingForIdle = []
  }

  const run = async (entry: Entry<T>): Promise<void> => {
    entry.isActive = true
    active++
    cancelDelay(entry)
    try {
      await work(entry.item)
      entry.failures = 0
    } catch {
      delay(entry, Math.min(FIRST_DELAY_MS * 2 ** entry.failures++, maxDelayMs))
    }
    if (++processed % ITEMS_IN_A_ROW === 0) await yieldToEventLoop()
    active--
    entry.isActive = false
    if (!ready.has(entry) && entry.cancel === undefined) entries.delete(entry.key)
    begin()
  }

  /** Makes an entry ready after a time. It may be ready already, and then is not delayed. */
  const delay = (entry: Entry<T>, delayMs: number): void => {
    if (isStopped || ready.has(entry)) return
    entry.cancel?.()
    entry.cancel = clock.after(delayMs, () => makeReady(entry))
  }

  const makeReady = (entry: Entry<T>): void => {
    cancelDelay(entry)
    ready.add(entry)
    begin()
  }

  return {
    put(item) {
      if (!isStopped) makeReady(entryFor(entries, keyOf(item), item))
    },
    putLater(item, delayMs) {
      if (!isStopped) delay(entryFor(entries, keyOf(item), item), delayMs)
    },
    retryNow() {
      for (const entry of entries.values()) {
        if (entry.failures > 0 && entry.cancel !== undefined) makeReady(entry)
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
      for (const entry of entries.values()) cancelDelay(entry)
      entries.clear()
    },
  }
}

/** The entry of a key, which processes this item when its turn comes. */
function entryFor<T>(entries: Map<string, Entry<T>>, key: string, item: T): Entry<T> {
  const entry = entries.get(key) ?? { key, item, failures: 0, isActive: false, cancel: undefined }
  entries.set(key, entry)
  entry.item = item
  return entry
}

function cancelDelay<T>(entry: Entry<T>): void {
  entry.cancel?.()
  entry.cancel = undefined
}
