import { isStoreError, type ObjectStore } from '@kube-authn/store'
import { initialEvents } from './initial-events.ts'
import type { ObjectEvent, SeenChange } from './seen-changes.ts'
import type { Selects } from './selectors.ts'
import { expired, statusOfStore, tooLargeVersion } from './status-errors.ts'

/** Since when, and for how long, changes are watched. */
export interface WatchQuery {
  /** The version after which changes are told; with `sendInitialEvents`, the least version of the objects. Default: the present one. */
  readonly resourceVersion?: number
  /** Whether every object that there is is told as added, and then the changes after that. Default `false`. */
  readonly sendInitialEvents?: boolean
  readonly signal?: AbortSignal
  /** How often a bookmark is told while nothing else is; one follows the initial events. Default: never. */
  readonly bookmarkMs?: number
}

/** Says how far a watch is. */
export interface Bookmark {
  readonly type: 'BOOKMARK'
  readonly resourceVersion: string
  /** All objects of this version were told before. */
  readonly endsInitialEvents?: true
}

/** A change of an object, or a bookmark. No more will be added. */
export type KubeWatchEvent = ObjectEvent | Bookmark

/** What is watched. */
export interface WatchSource {
  readonly store: ObjectStore
  /** Of all watches of the store. */
  readonly seen: SeenChange
  readonly prefix: string
  readonly selects: Selects | undefined
}

/**
 * The changes of objects as a client sees them that watches some of them: an object that begins or ceases to be selected is added or deleted.
 *
 * Source: apiserver `pkg/storage/etcd3/watcher.go`, `pkg/storage/cacher/cacher.go`; KEP-3157.
 */
export async function* watchObjects(
  { store, seen, prefix, selects }: WatchSource,
  { resourceVersion, sendInitialEvents = false, signal, bookmarkMs }: WatchQuery,
): AsyncGenerator<KubeWatchEvent, void, undefined> {
  try {
    const query = { store, prefix, selects, signal, leastVersion: resourceVersion }
    const since = sendInitialEvents ? yield* initialEvents(query) : resourceVersion
    if (sendInitialEvents && bookmarkMs !== undefined && signal?.aborted !== true) {
      yield { type: 'BOOKMARK', resourceVersion: String(since), endsInitialEvents: true }
    }
    const events = store.watch(prefix, {
      ...(since !== undefined && { since }),
      ...(signal !== undefined && { signal }),
      ...(bookmarkMs !== undefined && { progressMs: bookmarkMs }),
    })
    for await (const event of events) {
      if (event.type === 'progress') yield { type: 'BOOKMARK', resourceVersion: String(event.revision) }
      else {
        const change = seen(event, selects)
        if (change !== undefined) yield change
      }
    }
  } catch (thrown) {
    throw watchFailure(thrown)
  }
}

/** Deviation: a watch of a version to come is refused at once (`docs/deviations.md`, versions not reached). */
function watchFailure(thrown: unknown): unknown {
  if (isStoreError(thrown, 'revisionCompacted')) return expired(`too old resource version: ${thrown.message}`)
  if (isStoreError(thrown, 'watchTooSlow')) return expired('the watch was read too slowly: watch again')
  if (isStoreError(thrown, 'revisionUnknown')) return tooLargeVersion(thrown.message)
  return statusOfStore(thrown)
}
