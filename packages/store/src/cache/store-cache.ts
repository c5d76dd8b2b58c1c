import { type Clock, KubeAuthnError, type Observer } from '@kube-authn/core'
import { aFunction, notify, type OptionsShape, required, wholeNumber } from '@kube-authn/core/adapter'
import {
  aClock,
  atLeast,
  defined,
  type StoreCopyEvent,
  systemClock,
  tell,
  withMethods,
} from '@kube-authn/core/internal'
import { followStore } from '../follow-store.ts'
import { deferred } from '../local/deferred.ts'
import type { ObjectStore, StoreChange, StoredObject } from '../object-store.ts'
import { StoreError } from '../store-error.ts'
import { type CachedObjects, cachedObjects, type ObjectUse } from './cached-objects.ts'
import { type Freshness, freshness } from './freshness.ts'
import { limitLevels } from './limit-levels.ts'
import { outageReports } from './outage-reports.ts'

/** Options of everything that keeps a copy of objects in a store. */
export interface StoreCacheOptions {
  /** Where the objects are. */
  readonly store: ObjectStore
  /**
   * How old the copy may be, at least 1. If it was not confirmed for longer that every change has arrived, what needs it is refused as unavailable, until it is confirmed
   * again. Default 30.
   */
  readonly maxStalenessSeconds?: number
  /**
   * For how many objects of each kind there is memory. With more, all of them count as before: `onError` is told once at 80 % of it, and once beyond it. Default 200,000.
   */
  readonly maxObjects?: number
  /** Default: the runtime's clock. */
  readonly clock?: Clock
  /**
   * Called when the store cannot be followed any more, again when that makes something unavailable, when there are as many objects as `maxObjects` or nearly, and for every object that cannot be read.
   * Default: nothing is said.
   */
  readonly onError?: (error: unknown) => void
  /** Receives the event `storeCopy`. Default: none. */
  readonly observer?: Observer
}

export const storeCacheShape: OptionsShape<StoreCacheOptions> = {
  store: required(withMethods('a store of objects', 'list', 'watch', 'revision')),
  maxStalenessSeconds: atLeast(1),
  maxObjects: wholeNumber(1),
  clock: aClock,
  onError: aFunction,
  observer: aFunction,
}

/** A copy of objects in a store that follows it. */
export interface StoreCopy {
  /** Since when changes by others are not followed, in milliseconds since the epoch; `undefined` while they are. */
  readonly outdatedSinceMs: number | undefined
  /** Why what needs the copy is refused after an outage: it is older than `maxStalenessSeconds`, or closed. Empty if it is current. For a probe of readiness. */
  health(this: void): readonly string[]
  /** Takes over what was just written, before the store tells it. `kubernetesApi` does so. */
  learn(this: void, written: StoredObject | StoreChange): void
  /** Stops following the store: what needs the copy is refused as unavailable from now on. Resolves when nothing reads the store any more. */
  close(this: void): Promise<void>
  /** The same as `close`, for `await using`. */
  [Symbol.asyncDispose](this: void): Promise<void>
}

/** The objects with one prefix. */
export interface StoreCache<T> extends StoreCopy {
  /** Resolves when all objects are known. @throws {StoreError} `closed` */
  readonly ready: Promise<void>
  /** Why it cannot be said what the store has; `undefined` if it can. */
  problem(this: void): string | undefined
  /** What is kept of an object. Ask for a problem before. @throws {StoreError} `storeCorrupted` if the object cannot be read. */
  get(this: void, key: string): T | undefined
  /** Calls back whenever the object with this key is another one, or none, and when that is not known any more. Returns a function that stops it. */
  watch(this: void, key: string, onChange: () => void): () => void
  /** Calls back once when there is a problem. Returns a function that stops waiting. */
  watchProblem(this: void, onProblem: () => void): () => void
}

/** Which objects a cache has, and what it does with them. */
export interface CachedKind<T> extends Omit<ObjectUse<T>, 'onChange' | 'onUnreadable'> {
  readonly prefix: string
  /** As in `service accounts`. */
  readonly what: string
  /** What an object does that cannot be read, as in `grants nothing`. */
  readonly unreadable: string
  readonly onChange?: ObjectUse<T>['onChange']
}

/** When a client may try again whose request needs a copy that is too old. With a delay the answer is a 503, so that no client takes its credential for a bad one. */
export const RETRY_SECONDS = 2

/** How old a copy may be unless the options say otherwise. */
const MAX_STALENESS_SECONDS = 30
const MAX_OBJECTS = 200_000

/**
 * Follows the objects with a prefix in a store, and keeps what is needed of each.
 *
 * Source: client-go `tools/cache/shared_informer.go`.
 *
 * @param options sound ones.
 */
export function storeCache<T>(options: StoreCacheOptions, kind: CachedKind<T>): StoreCache<T> {
  const { store, clock = systemClock, maxStalenessSeconds = MAX_STALENESS_SECONDS, onError } = options
  const { maxObjects = MAX_OBJECTS } = options
  const { prefix, what } = kind
  const maxStalenessMs = maxStalenessSeconds * 1000
  const problems = problemsOf(what, maxStalenessSeconds)
  const age = freshness(options.clock, maxStalenessMs)
  const ready = deferred<void>()
  const closing = new AbortController()
  const objects = cachedObjects({
    read: kind.read,
    onChange(key, before, after) {
      kind.onChange?.(key, before, after)
      watched.changed(key)
      count(objects.size)
    },
    onUnreadable: (key, cause) => tell(onError, unreadableObject(key, kind.unreadable, cause)),
  })
  const count = levelReports(what, maxObjects, (error) => tell(onError, error))
  const problem = (): string | undefined => {
    if (closing.signal.aborted) return problems.closed
    return age.isStale() ? problems.stale : undefined
  }
  const watched = watchers(clock, () => problem() !== undefined)
  const outage = outageReports(what, clock, age, (error) => tell(onError, error))
  const observe = observedBy(options.observer, { kind: what, maxObjects, objects, age })
  const following = followStore(
    { store, prefix, clock, signal: closing.signal, maxStalenessMs },
    {
      object: objects.take,
      listed(keys, revision) {
        objects.keepListed(keys, revision)
        ready.resolve()
      },
      change(change) {
        objects.take(change)
        objects.settle(change.revision)
      },
      gap(isReplaced) {
        if (isReplaced) objects.restart()
      },
      reached: () => {},
      asked: age.asked,
      confirmed() {
        age.confirmed()
        observe('confirmed')
        const outageMs = outage.ended()
        if (outageMs !== undefined) observe('recovered', outageMs / 1000)
      },
      failed(error, isFinal) {
        if (outage.failed(error, problem() !== undefined)) observe('failing')
        if (isFinal) ready.reject(error)
      },
    },
  ).catch((error: unknown) => ready.reject(error))
  // Who waits for it hears of it.
  ready.promise.catch(() => undefined)
  const close = (): Promise<void> => {
    closing.abort()
    ready.reject(new StoreError('closed', problems.closed))
    return following
  }

  return {
    ready: ready.promise,
    problem,
    health: () => [problem()].filter((each) => each !== undefined),
    get: objects.get,
    watch: watched.watch,
    watchProblem: watched.watchUnknown,
    get outdatedSinceMs() {
      return outage.sinceMs()
    },
    learn(written) {
      if (written.key.startsWith(prefix)) objects.learn(written)
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}

/** Reports once that there are as many objects as there is memory for, or nearly. */
function levelReports(what: string, maxObjects: number, report: (error: StoreError) => void) {
  const level = limitLevels(maxObjects)
  return (objects: number): void => {
    const { is, isNew } = level(objects)
    if (!isNew) return
    const many = is === 'near' ? `${objects} of at most` : 'more than'
    const message = `the store has ${many} ${maxObjects} ${what} (maxObjects): all of them count, and memory grows`
    report(new StoreError('storeUnavailable', message))
  }
}

interface ObservedCopy extends Pick<StoreCopyEvent, 'kind' | 'maxObjects'> {
  readonly objects: Pick<CachedObjects<unknown>, 'size'>
  readonly age: Freshness
}

/** Tells an observer, if there is one, how a copy is. */
function observedBy(observer: Observer | undefined, { objects, age, ...copy }: ObservedCopy) {
  return (status: StoreCopyEvent['status'], outageSeconds?: number): void => {
    if (observer === undefined) return
    const ageMs = age.ageMs()
    const ageSeconds = ageMs === undefined ? undefined : ageMs / 1000
    const told = { ...copy, objects: objects.size, status, ...defined({ ageSeconds, outageSeconds }) }
    notify(observer, { type: 'storeCopy', ...told })
  }
}

/** Why the objects are not known. */
function problemsOf(what: string, maxStalenessSeconds: number) {
  return {
    stale: `the ${what} are not known: they could not be compared with the store for more than ${maxStalenessSeconds} seconds`,
    closed: `the ${what} are not known: they are not followed any more`,
  }
}

/** Its cause says what is wrong, and nothing of the object: other errors may quote it. */
function unreadableObject(key: string, effect: string, cause: unknown): StoreError {
  const isOurs = cause instanceof KubeAuthnError
  const why = isOurs ? `: ${cause.message}` : ''
  const message = `${key} ${effect}, since it cannot be read${why}`
  return new StoreError('storeCorrupted', message, isOurs ? cause : undefined)
}

/** How soon it is noticed that a copy cannot be used any more. */
const NOTICED_MS = 1000

/** What goes on for long with what a copy said, such as a watch or a tunnel. A timer runs only while there are any. What a callback throws is ignored. */
function watchers(clock: Clock, isUnknown: () => boolean) {
  const byKey = new Map<string, Set<() => void>>()
  const waiting = new Set<() => void>()
  let cancel: (() => void) | undefined

  const look = (): void => {
    cancel = undefined
    if (isUnknown()) {
      const all = [...waiting]
      waiting.clear()
      for (const each of all) tell(each, undefined)
    }
    lookLater()
  }
  const lookLater = (): void => {
    if (waiting.size > 0) cancel ??= clock.after(NOTICED_MS, look)
  }

  /** Calls back once when it is not known any more what the store has. Returns a function that stops waiting. */
  const watchUnknown = (onUnknown: () => void): (() => void) => {
    // A function of its own, since one may be given twice.
    const call = (): void => onUnknown()
    waiting.add(call)
    lookLater()
    return () => {
      waiting.delete(call)
      if (waiting.size > 0) return
      cancel?.()
      cancel = undefined
    }
  }

  return {
    watchUnknown,
    /** Calls back at every change of the object with this key, and when that is not known any more. Returns a function that stops it. */
    watch: (key: string, onChange: () => void): (() => void) => {
      const ofKey = byKey.get(key) ?? new Set()
      byKey.set(key, ofKey)
      const call = (): void => onChange()
      ofKey.add(call)
      const stopWaiting = watchUnknown(onChange)
      return () => {
        stopWaiting()
        ofKey.delete(call)
        if (ofKey.size === 0 && byKey.get(key) === ofKey) byKey.delete(key)
      }
    },
    changed(key: string): void {
      // A copy, since they stop watching.
      for (const each of Array.from(byKey.get(key) ?? [])) tell(each, undefined)
    },
  }
}
