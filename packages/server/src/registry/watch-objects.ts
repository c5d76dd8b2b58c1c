import { isStoreError, type ObjectStore, type StoredObject, type StoreChange } from '@kube-authn/store'
import type { Selects } from './selectors.ts'
import { expired, statusOfStore, tooLargeVersion } from './status-errors.ts'
import { turns } from '@kube-authn/store/internal'
import { fromStored } from './stored-objects.ts'
import type { KubeObject } from './kube-object.ts'

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
  source: WatchSource,
  query: WatchQuery,
): AsyncGenerator<KubeWatchEvent, void, undefined> {
  const { store, seen, prefix, selects } = source
  const { resourceVersion, sendInitialEvents = false, signal, bookmarkMs } = query
  try {
    const since = sendInitialEvents ? yield* initialEvents(source, query) : resourceVersion
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

/** Objects have up to 1 MiB, so the first page must not have many; later ones have as many as their size allows. */
const FIRST_PAGE = 64
const LARGEST_PAGE = 500
const PAGE_LENGTH = 1_048_576

/**
 * Every object that there is, as an event, in the order of the keys and all of one revision. They are read in pages, at the pace of the client, and each page is a turn of
 * the event loop.
 *
 * Source: KEP-3157; apiserver `pkg/storage/cacher/cacher.go`, `pkg/storage/cacher/watch_cache_interval.go`.
 *
 * @returns the revision that they are of.
 * @throws {StatusError} 504 if the store has not reached the version.
 * @throws {StoreError} `revisionCompacted` if the client was so slow that the revision was forgotten.
 */
async function* initialEvents(
  { store, prefix, selects = () => true }: WatchSource,
  { resourceVersion: leastVersion = 0, signal }: WatchQuery,
): AsyncGenerator<ObjectEvent, number, undefined> {
  const steps = turns(1)
  let size = FIRST_PAGE
  let page = await store.list(prefix, { limit: size })
  const { revision } = page
  if (leastVersion > revision) throw tooLargeVersion(`${leastVersion}, current: ${revision}`)
  for (;;) {
    for (const stored of page.objects) {
      if (signal?.aborted === true) return revision
      const object = fromStored(stored, stored.revision)
      if (selects(object)) yield { type: 'ADDED', object }
    }
    if (page.continue === undefined || signal?.aborted === true) return revision
    await new Promise<void>((resolve) => steps.run(resolve))
    size = nextSize(size, page.objects)
    page = await store.list(prefix, { limit: size, continue: page.continue })
  }
}

function nextSize(size: number, objects: readonly StoredObject[]): number {
  const length = objects.reduce((sum, { value }) => sum + value.length, 0)
  return length > PAGE_LENGTH ? Math.max(1, size >> 1) : Math.min(LARGEST_PAGE, 2 * size)
}

/** A change as a client sees it that watches some of the objects. Watchers who see the same share the event. */
export interface ObjectEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'
  readonly object: KubeObject
}

/** What a client sees of a change; `undefined` if it is of objects that are not selected. */
export type SeenChange = (change: StoreChange, selects: Selects | undefined) => ObjectEvent | undefined

interface ReadChange {
  readonly key: string
  readonly length: number
  readonly object: KubeObject
  /** Only of updates. */
  before?: KubeObject
  added?: ObjectEvent
  modified?: ObjectEvent
  deleted?: ObjectEvent
}

/** How many characters of values are remembered as objects. Watchers that take turns are at most some changes apart. */
const MAX_LENGTH = 2_097_152

/**
 * Reads changes for all watchers of a store. Each of the latest changes is parsed once, for all watchers and selectors. Nothing is required of the store but that a change
 * has a revision of its own.
 *
 * Source: apiserver `pkg/storage/etcd3/watcher.go`, `pkg/storage/cacher/caching_object.go`.
 */
export function seenChanges(): SeenChange {
  const latest = new Map<number, ReadChange>()
  let length = 0

  const readChange = (change: StoreChange): ReadChange => {
    const { key, revision, value, previous = '' } = change
    const known = latest.get(revision)
    if (known?.key === key) return known
    const read: ReadChange = {
      key,
      length: value.length + previous.length,
      object: fromStored(change, revision),
    }
    remember(revision, read)
    return read
  }

  const remember = (revision: number, read: ReadChange): void => {
    latest.set(revision, read)
    length += read.length
    for (const [oldest, { length: spare }] of latest) {
      if (length <= MAX_LENGTH || oldest === revision) break
      latest.delete(oldest)
      length -= spare
    }
  }

  return (change, selects) => {
    const read = readChange(change)
    const isSelected = selects === undefined || selects(read.object)
    if (change.type === 'created') return isSelected ? added(read) : undefined
    if (change.type === 'deleted') return isSelected ? deleted(read, read.object) : undefined
    if (selects === undefined) return modified(read)
    const before = objectBefore(read, change)
    const wasSelected = before !== undefined && selects(before)
    if (isSelected) return wasSelected ? modified(read) : added(read)
    return wasSelected ? deleted(read, before) : undefined
  }
}

function objectBefore(read: ReadChange, { previous, revision }: StoreChange): KubeObject | undefined {
  if (previous === undefined) return undefined
  return (read.before ??= fromStored({ value: previous }, revision))
}

function added(read: ReadChange): ObjectEvent {
  return (read.added ??= { type: 'ADDED', object: read.object })
}

function modified(read: ReadChange): ObjectEvent {
  return (read.modified ??= { type: 'MODIFIED', object: read.object })
}

/** Of one change, it is the object itself that was deleted, or always the one before. */
function deleted(read: ReadChange, object: KubeObject): ObjectEvent {
  return (read.deleted ??= { type: 'DELETED', object })
}
