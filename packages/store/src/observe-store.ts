import type { Observer } from '@kube-authn/core'
import { aFunction, checkOptions, notify, type OptionsShape, required } from '@kube-authn/core/adapter'
import { defined, type StoreOperation } from '@kube-authn/core/internal'
import { countObjects } from './count-objects.ts'
import { forwardedStore } from './forwarded-store.ts'
import type { ObjectStore, StoreEvent } from './object-store.ts'
import { StoreError, type StoreErrorCode } from './store-error.ts'

/** Options of {@link observeStore}. */
export interface ObserveStoreOptions {
  /** Receives the events `storeRequest`, `storeWatch` and `storeStatus`: that of `metrics()` counts them. */
  readonly observer: Observer
}

const shape: OptionsShape<ObserveStoreOptions> = { observer: required(aFunction) }

/** Of all codes, those that say that the engine did not do what it was asked. */
const FAILURES: ReadonlySet<StoreErrorCode> = new Set(['storeUnavailable', 'storeCorrupted', 'closed'])

/** How often an engine says how it is. */
const STATUS_MS = 1000

/**
 * The same store, and an observer hears how long each request of it takes and how it ends.
 *
 * @throws {ConfigurationError} if an option is invalid.
 * @example
 * const { observer, render } = metrics()
 * const store = observeStore(await postgresObjectStore({ connectionString }), { observer })
 */
export function observeStore(store: ObjectStore, options: ObserveStoreOptions): ObjectStore {
  checkOptions(shape, options)
  const { observer } = options
  let toldMs = -Infinity

  const tellStatus = (nowMs: number): void => {
    if (nowMs - toldMs < STATUS_MS) return
    toldMs = nowMs
    const status = store.status?.()
    if (status !== undefined) notify(observer, { type: 'storeStatus', ...status })
  }
  const asked = async <T>(operation: StoreOperation, work: () => Promise<T>): Promise<T> => {
    const startMs = performance.now()
    let code = 'ok'
    let isFailure = false
    try {
      return await work()
    } catch (thrown) {
      code = storeCodeOf(thrown)
      isFailure = !(thrown instanceof StoreError) || FAILURES.has(thrown.code)
      throw thrown
    } finally {
      const endMs = performance.now()
      const durationSeconds = (endMs - startMs) / 1000
      notify(observer, { type: 'storeRequest', operation, code, isFailure, durationSeconds })
      tellStatus(endMs)
    }
  }

  return {
    ...forwardedStore(store),
    get: (...given) => asked('get', () => store.get(...given)),
    list: (...given) => asked('list', () => store.list(...given)),
    count: (...given) => asked('list', () => countObjects(store, ...given)),
    create: (...given) => asked('create', () => store.create(...given)),
    update: (...given) => asked('update', () => store.update(...given)),
    delete: (...given) => asked('delete', () => store.delete(...given)),
    watch: (...given) => watchedEvents(store.watch(...given), observer),
    revision: () => asked('revision', () => store.revision()),
    compact: (...given) => asked('compact', () => store.compact(...given)),
  }
}

/** One of a few words, whatever was thrown. */
function storeCodeOf(thrown: unknown): string {
  return thrown instanceof StoreError ? thrown.code : 'unknown'
}

/** The events of a watch, whose beginning and end an observer hears. */
async function* watchedEvents(
  events: AsyncIterable<StoreEvent>,
  observer: Observer,
): AsyncGenerator<StoreEvent, void, undefined> {
  notify(observer, { type: 'storeWatch', change: 1 })
  let code: string | undefined
  try {
    yield* events
  } catch (thrown) {
    code = storeCodeOf(thrown)
    throw thrown
  } finally {
    notify(observer, { type: 'storeWatch', change: -1, ...defined({ code }) })
  }
}
