import { StatusError } from '@kube-authn/core/adapter'
import type { ObjectStore } from '../store/object-store.ts'
import { isStoreError } from '../store/store-error.ts'
import type { ObjectEvent, SeenChange } from './seen-changes.ts'
import type { Selects } from './selectors.ts'
import { expired, statusOfStore } from './status-errors.ts'
import { fromStored } from './stored-objects.ts'

/** Since when, and for how long, changes are watched. */
export interface WatchQuery {
  /** The version after which changes are told. Default: every object that there is is told as added, and then the changes. */
  readonly resourceVersion?: number
  readonly signal?: AbortSignal
  /** How often a bookmark is told while nothing else is. Default: never. */
  readonly bookmarkMs?: number
}

/** A change of an object; a bookmark says how far the watch is. No more will be added. */
export type KubeWatchEvent = ObjectEvent | { readonly type: 'BOOKMARK'; readonly resourceVersion: string }

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
 * Source: apiserver `pkg/storage/etcd3/watcher.go`.
 */
export async function* watchObjects(
  { store, seen, prefix, selects }: WatchSource,
  { resourceVersion, signal, bookmarkMs }: WatchQuery,
): AsyncGenerator<KubeWatchEvent, void, undefined> {
  try {
    const since = resourceVersion ?? (yield* addedObjects(store, prefix, selects))
    const events = store.watch(prefix, {
      since,
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

/** Every object that there is. @returns the revision that they are of. */
async function* addedObjects(
  store: ObjectStore,
  prefix: string,
  selects: Selects = () => true,
): AsyncGenerator<KubeWatchEvent, number, undefined> {
  let page = await store.list(prefix, { limit: PAGE })
  for (;;) {
    for (const stored of page.objects) {
      const object = fromStored(stored, stored.revision)
      if (selects(object)) yield { type: 'ADDED', object }
    }
    if (page.continue === undefined) return page.revision
    page = await store.list(prefix, { limit: PAGE, continue: page.continue })
  }
}

/** How many objects are read at a time. */
const PAGE = 500

function watchFailure(thrown: unknown): unknown {
  if (isStoreError(thrown, 'revisionCompacted')) return expired(`too old resource version: ${thrown.message}`)
  if (isStoreError(thrown, 'watchTooSlow')) return expired('the watch was read too slowly: watch again')
  if (isStoreError(thrown, 'revisionUnknown')) {
    return new StatusError({
      status: 504,
      reason: 'Timeout',
      message: `Timeout: Too large resource version: ${thrown.message}`,
      details: {
        causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
        retryAfterSeconds: 1,
      },
    })
  }
  return statusOfStore(thrown)
}
