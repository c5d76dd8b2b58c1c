import type { Clock } from '@kube-authn/core'
import { memoryObjectStore } from '../src/memory/memory-object-store.ts'
import type { ObjectStore, StoreEvent } from '../src/object-store.ts'
import { storeNow } from '../src/store-time.ts'
import { StoreError } from '../src/store-error.ts'

/** A store that is far away, and may be away. */
export interface FaultyStore extends ObjectStore {
  /** Every call fails until `mend`, and every watch ends. */
  fail(error?: Error): void
  /** Watches end, and calls work. */
  breakWatches(error: Error): void
  /** Watches deliver nothing until `mend`, and do not notice that they should end. Calls work. */
  stall(): void
  /** Watches deliver each event so much later. Calls work. */
  delay(milliseconds: number): void
  /** Calls work again, and watches deliver what they held back. */
  mend(): void
  /** Another store takes the place of this one, and watches end. */
  replace(store: ObjectStore): void
  /** The same, and watches go on as if nothing had happened. */
  replaceSilently(store: ObjectStore): void
  /** How many lists and watches were begun. */
  readonly begun: { lists: number; watches: number }
}

/** A faulty store over another one. Default: in memory. */
export function faultyStore(kept: ObjectStore = memoryObjectStore(), clock?: Clock): FaultyStore {
  let store = kept
  let lateMs = 0
  let failure: Error | undefined
  let held = Promise.resolve()
  let release = (): void => {}
  const broken = new Set<(error: Error) => void>()
  const begun = { lists: 0, watches: 0 }

  const reached = (): ObjectStore => {
    if (failure !== undefined) throw failure
    return store
  }
  const breakWatches = (error: Error): void => {
    for (const each of broken) each(error)
    broken.clear()
  }

  const isLate = (): Promise<void> =>
    new Promise((resolve) => {
      if (lateMs > 0) clock?.after(lateMs, resolve)
      else resolve()
    })

  async function* watch(...given: Parameters<ObjectStore['watch']>): AsyncGenerator<StoreEvent> {
    begun.watches++
    const events = reached().watch(...given)
    const iterator = events[Symbol.asyncIterator]()
    const breaking = new Promise<never>((_, reject) => broken.add(reject))
    breaking.catch(() => undefined)
    for (;;) {
      const next = await Promise.race([iterator.next(), breaking])
      await Promise.race([held, breaking])
      await isLate()
      if (next.done === true) return
      yield next.value
    }
  }

  return {
    get: async (...given) => reached().get(...given),
    async list(...given) {
      begun.lists++
      return reached().list(...given)
    },
    create: async (...given) => reached().create(...given),
    update: async (...given) => reached().update(...given),
    delete: async (...given) => reached().delete(...given),
    revision: async () => reached().revision(),
    now: () => storeNow(store),
    compact: async (...given) => reached().compact(...given),
    watch,
    close: () => store.close(),
    [Symbol.asyncDispose]: () => store.close(),
    fail(error = new StoreError('storeUnavailable', 'gone')) {
      failure = error
      breakWatches(error)
    },
    breakWatches,
    stall() {
      held = new Promise((resolve) => (release = resolve))
    },
    delay(milliseconds) {
      lateMs = milliseconds
    },
    mend() {
      lateMs = 0
      failure = undefined
      release()
    },
    replace(other) {
      store = other
      breakWatches(new StoreError('revisionUnknown', 'another store'))
    },
    replaceSilently(other) {
      store = other
    },
    begun,
  }
}
