import type { StoreChange } from '@kube-authn/store'
import type { KubeObject } from './kube-object.ts'
import type { Selects } from './selectors.ts'
import { fromStored } from './stored-objects.ts'

/** A change as a client sees it that watches some of the objects. Watchers who see the same share the event. */
export interface ObjectEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'
  readonly object: KubeObject
}

/** What a client sees of a change; `undefined` if it is of objects that are not selected. */
export type SeenChange = (change: StoreChange, selects: Selects | undefined) => ObjectEvent | undefined

/** A change that was read. */
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
