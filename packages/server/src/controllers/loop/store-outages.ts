import type { Clock } from '@kube-authn/core'
import { memberOf } from '@kube-authn/core/internal'
import { isStoreError, type ObjectStore, type StoreEvent } from '@kube-authn/store'
import { forwardedStore } from '@kube-authn/store/internal'

/** A store whose failures are noticed. */
export interface ObservedStore {
  /** The same store. */
  readonly store: ObjectStore
  /** Whether an error comes from a failure of the store, which was reported, or from the end of a lease, which the election tells. */
  readonly isOutage: (error: unknown) => boolean
}

/** An outage that goes on and off is one, if its failures are not further apart. */
const QUIET_MS = 10_000

/**
 * Reports failures of a store, but only the first one of each outage. An outage is over when what failed, calls or watches, has worked again, and
 * nothing has failed for ten seconds.
 *
 * @param onOutage called with the first error of each outage.
 */
export function observedStore(
  store: ObjectStore,
  clock: Clock,
  onOutage: (error: unknown) => void,
): ObservedStore {
  const failures = new WeakSet()
  let lastFailureMs: number | undefined
  /** What has not worked again. A watch may go on while nothing can be read or written. */
  const failing = new Set<'call' | 'watch'>()

  const failed = (kind: 'call' | 'watch', error: unknown): void => {
    if (isRefusal(error)) {
      failing.delete(kind)
      return
    }
    if (typeof error === 'object' && error !== null) failures.add(error)
    const now = clock.now()
    // The clock may have been set back.
    const isQuiet = lastFailureMs === undefined || Math.abs(now - lastFailureMs) >= QUIET_MS
    lastFailureMs = now
    if (failing.size === 0 && isQuiet) onOutage(error)
    failing.add(kind)
  }

  const observed = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      const answer = await work()
      failing.delete('call')
      return answer
    } catch (thrown) {
      failed('call', thrown)
      throw thrown
    }
  }

  async function* events(changes: AsyncIterable<StoreEvent>): AsyncGenerator<StoreEvent, void, undefined> {
    try {
      for await (const change of changes) {
        failing.delete('watch')
        yield change
      }
    } catch (thrown) {
      failed('watch', thrown)
      throw thrown
    }
  }

  return {
    store: {
      ...forwardedStore(store),
      get: (...given) => observed(() => store.get(...given)),
      list: (...given) => observed(() => store.list(...given)),
      create: (...given) => observed(() => store.create(...given)),
      update: (...given) => observed(() => store.update(...given)),
      delete: (...given) => observed(() => store.delete(...given)),
      watch: (...given) => events(store.watch(...given)),
      revision: () => observed(() => store.revision()),
      compact: (revision) => observed(() => store.compact(revision)),
    },
    isOutage: (error) => errorsIn(error).some((each) => failures.has(each) || isStoreError(each, 'fenced')),
  }
}

/** Whether the store works, and refused something. */
function isRefusal(error: unknown): boolean {
  return isStoreError(
    error,
    'objectExists',
    'objectNotFound',
    'revisionConflict',
    'fenced',
    'revisionCompacted',
    'revisionUnknown',
    'objectTooLarge',
    'invalidObject',
    'invalidContinue',
    'watchTooSlow',
  )
}

/** An error, its cause, and the errors of which it is made. */
function errorsIn(error: unknown): readonly object[] {
  const parts = memberOf(error, 'errors')
  const all = [error, memberOf(error, 'cause'), ...(Array.isArray(parts) ? parts.flatMap(errorsIn) : [])]
  return all.filter((each) => typeof each === 'object' && each !== null)
}
