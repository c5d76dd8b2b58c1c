import { type StoreTime, storeTime, systemClock } from '@kube-authn/core/internal'
import { type ObjectStore, StoreError } from '@kube-authn/store'
import type { Random } from './random.ts'
import { type StoreModel, unavailable } from './store-model.ts'
import { storeWatches } from './store-watches.ts'
import type { Owner, Timeline } from './timeline.ts'

/** What is wrong between a replica and the store. */
export interface LinkFaults {
  /** How much longer each message takes. */
  slowMs: number
  /** `refused`: there is no connection. `silent`: messages are lost, and nothing says so. */
  cut: 'none' | 'refused' | 'silent'
  /** The probability that a request is lost, and that an answer is. */
  lostRequests: number
  lostAnswers: number
  /** The probability that a request arrives up to 20 seconds later, after the replica has given up. */
  lateRequests: number
  /** The probability that an answer arrives up to 8 seconds later, while the replica waits for it and watches go on. */
  lateAnswers: number
  /** Watches tell nothing. */
  isStalled: boolean
}

/** Nothing is wrong. */
export const HEALTHY: LinkFaults = {
  slowMs: 0,
  cut: 'none',
  lostRequests: 0,
  lostAnswers: 0,
  lateRequests: 0,
  lateAnswers: 0,
  isStalled: false,
}

/** The store as the process of a replica sees it. */
export interface StoreLink {
  readonly store: ObjectStore
  /** Its connections end, and with them its calls; watches too. */
  reset(reason: string): void
  /** Its watches end. */
  breakWatches(error: StoreError): void
  /** The process is over: nothing is told any more. */
  abandon(): void
  /** How many calls and watches it has. */
  readonly load: { readonly calls: number; readonly watches: number }
}

/** What a link connects. */
export interface LinkEnds {
  readonly time: Timeline
  readonly model: StoreModel
  readonly owner: Owner
  readonly faults: LinkFaults
  readonly random: Random
}

/** How long a replica waits for an answer, as with PostgreSQL. */
export const TIMEOUT_MS = 10_000
const LATEST_MS = 20_000
const LATEST_ANSWER_MS = 8000

/** Connects a process with the store. */
export function storeLink(ends: LinkEnds): StoreLink {
  const { model, owner } = ends
  // As the engines with a server elsewhere do.
  const clock = storeTime(systemClock, () => owner.elapsedMs(), false)
  const { call, calls } = callsOf(ends, clock)
  const watches = storeWatches(ends)
  const store: ObjectStore = {
    get: (key) => call(() => model.get(key)),
    list: (prefix, { limit = Infinity, continue: token } = {}) =>
      call(() => model.list(prefix, limit, token)),
    create: (key, value, lifetime = {}) => call(() => model.create(key, value, lifetime)),
    update: (key, value, revision, lifetime = {}) => call(() => model.update(key, value, revision, lifetime)),
    delete: (key, precondition = {}) => call(() => model.delete(key, precondition)),
    revision: () => call(() => model.history.revision),
    compact: (revision) => call(() => model.compact(revision)),
    now: () => clock.nowMs(),
    watch: watches.watch,
    close: () => {
      watches.end(new StoreError('closed', 'the store was closed'))
      return Promise.resolve()
    },
    [Symbol.asyncDispose]: () => store.close(),
  }
  const soon = (step: () => void): void => void ends.time.after(0, step, owner)
  return {
    store,
    reset: (reason) =>
      soon(() => {
        for (const fail of calls) fail(unavailable(reason))
        watches.end(unavailable(reason))
      }),
    breakWatches: (error) => soon(() => watches.end(error)),
    abandon: watches.abandon,
    get load() {
      return { calls: calls.size, watches: watches.count() }
    },
  }
}

/** Calls over a connection that may lose them, or their answers. */
function callsOf({ time, model, owner, faults, random }: LinkEnds, clock: StoreTime) {
  /** Fails a call that has no answer yet. */
  const calls = new Set<(error: StoreError) => void>()
  const travelMs = (): number => random.between(1, 4) + (faults.slowMs && random.below(faults.slowMs))
  const isCut = (): boolean => faults.cut !== 'none'

  const call = <T>(work: () => T): Promise<T> =>
    new Promise((resolve, reject) => {
      const sentMs = owner.elapsedMs()
      const fail = (error: StoreError): void => {
        cancelTimeout()
        calls.delete(fail)
        reject(error)
      }
      const cancelTimeout = time.after(
        TIMEOUT_MS,
        () => fail(unavailable(`no answer within ${TIMEOUT_MS} ms: it may have been made`)),
        owner,
      )
      calls.add(fail)
      const receive = (answer: () => T, servedMs: number): void => {
        if (!calls.has(fail)) return
        try {
          const result = answer()
          clock.learn({ fromMs: servedMs, toMs: servedMs + 1, sentMs, receivedMs: owner.elapsedMs() })
          cancelTimeout()
          calls.delete(fail)
          resolve(result)
        } catch (thrown) {
          fail(thrown as StoreError)
        }
      }
      if (faults.cut === 'refused') {
        time.after(1, () => fail(unavailable('connection refused')), owner)
        return
      }
      if (isCut() || random.chance(faults.lostRequests)) return
      const isLate = random.chance(faults.lateRequests)
      time.after(travelMs() + (isLate ? random.below(LATEST_MS) : 0), () => {
        if (isCut() && !isLate) return
        const answer = answerOf(model, work)
        if (isCut() || random.chance(faults.lostAnswers)) return
        const servedMs = time.nowMs
        const lateMs = random.chance(faults.lateAnswers) ? random.below(LATEST_ANSWER_MS) : 0
        time.after(travelMs() + lateMs, () => receive(answer, servedMs), owner)
      })
    })
  return { call, calls }
}

/** What the store answers: it returns or throws. */
function answerOf<T>(model: StoreModel, work: () => T): () => T {
  const thrower = (thrown: unknown) => (): never => {
    throw thrown
  }
  if (!model.isUp) return thrower(unavailable('connection refused'))
  try {
    const result = work()
    return () => result
  } catch (thrown) {
    return thrower(thrown)
  }
}
