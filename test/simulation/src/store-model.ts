import {
  type DeletePrecondition,
  type Fence,
  type Fenced,
  type Lifetime,
  type StoreChange,
  StoreError,
  type StoredList,
  type StoredObject,
} from '@kube-authn/store'
import { continueToken, fencedOff } from '@kube-authn/store/internal'
import { history, type History, objectAfter } from './history.ts'
import type { Timeline } from './timeline.ts'

/** A store as its clients see it that are connected: every call takes effect at once, and all are in one order. */
export interface StoreModel {
  readonly history: History
  /** Changes up to it were forgotten. */
  readonly compactedRevision: number
  /** Whether it answers. */
  readonly isUp: boolean
  /** Whether it answers, and whether it refuses all writes, as on a full disk. */
  become(state: { readonly isUp?: boolean; readonly isReadOnly?: boolean }): void
  get(key: string): StoredObject | undefined
  list(prefix: string, limit: number, token: string | undefined): StoredList
  create(key: string, value: string, lifetime: Lifetime): StoredObject
  update(key: string, value: string, revision: number, lifetime: Lifetime): StoredObject
  delete(key: string, precondition: DeletePrecondition): StoreChange
  compact(revision: number): void
  /** Calls back after each change, when changes were forgotten, and when it answers again. Returns a function that stops it. */
  onNews(callback: () => void): () => void
}

/** A message of the store about itself. */
export function unavailable(message: string): StoreError {
  return new StoreError('storeUnavailable', message)
}

/** Called in the moment of a change, with the fence that the writer named. */
export type OnChange = (change: StoreChange, fence: Fence | undefined) => void

/** An empty store. */
export function storeModel(time: Timeline, onChange: OnChange): StoreModel {
  const listeners = new Set<() => void>()
  const tell = (): void => {
    for (const each of listeners) each()
  }
  const objects = storedObjects(time, (change, fence) => {
    onChange(change, fence)
    tell()
  })
  const { changes, commit, currentOf, expected, endOf, state } = objects
  let compactedRevision = 0
  return {
    history: changes,
    get compactedRevision() {
      return compactedRevision
    },
    get isUp() {
      return state.isUp
    },
    become(next) {
      Object.assign(state, next)
      objects.expire()
      tell()
    },
    get(key) {
      const found = currentOf(key)
      return found && objectAfter(found)
    },
    list(prefix, limit, token) {
      const from = token === undefined ? { revision: changes.revision, after: '' } : placeIn(token)
      if (from.revision < compactedRevision) throw new StoreError('revisionCompacted', 'it was forgotten')
      const rest = objects.stateOf(prefix, from.revision).filter(({ key }) => key > from.after)
      const page = rest.slice(0, limit).map((each) => objectAfter(each))
      const last = page.at(-1)
      const isMore = last !== undefined && page.length < rest.length
      const next = isMore && { continue: continueToken({ revision: from.revision, after: last.key }) }
      return { objects: page, revision: from.revision, ...next }
    },
    create(key, value, lifetime) {
      objects.prepareToWrite(lifetime)
      if (currentOf(key) !== undefined) throw new StoreError('objectExists', 'an object with this key exists')
      const createdRevision = changes.revision + 1
      return objectAfter(commit({ type: 'created', key, value, createdRevision, ...endOf(lifetime) }))
    },
    update(key, value, revision, lifetime) {
      objects.prepareToWrite(lifetime)
      const { createdRevision, value: previous } = expected(key, { revision })
      const change = { type: 'updated' as const, key, value, previous, createdRevision }
      return objectAfter(commit({ ...change, ...endOf(lifetime) }))
    },
    delete(key, precondition) {
      objects.prepareToWrite(precondition)
      return objects.remove(expected(key, precondition))
    },
    compact(revision) {
      compactedRevision = Math.max(compactedRevision, Math.min(revision, changes.revision))
      tell()
    },
    onNews(callback) {
      listeners.add(callback)
      return () => void listeners.delete(callback)
    },
  }
}

/** The objects, and how they change and end. */
function storedObjects(time: Timeline, onChange: OnChange) {
  const changes = history()
  const state = { isUp: true, isReadOnly: false }
  /** When the next object ends. */
  let nextEndMs = Infinity
  /** That of the write which is made now. */
  let named: Fence | undefined

  const commit = (change: Omit<StoreChange, 'revision'>): StoreChange => {
    const committed = { ...change, revision: changes.revision + 1 }
    changes.add(committed)
    onChange(committed, named)
    return committed
  }
  const isOver = ({ expiresAtMs = Infinity }: StoredObject): boolean => expiresAtMs <= time.nowMs
  const remove = ({ key, value, createdRevision }: StoredObject): StoreChange =>
    commit({ type: 'deleted', key, value, createdRevision })
  const currentOf = (key: string): StoreChange | undefined => {
    const found = changes.at(key, changes.revision)
    return found === undefined || isOver(found) ? undefined : found
  }
  /** Ends what is over. */
  const expire = (): void => {
    if (!state.isUp || state.isReadOnly || nextEndMs > time.nowMs) return
    named = undefined
    const all = changes.state('', changes.revision)
    for (const each of all) if (isOver(each)) remove(each)
    const ends = all.map(({ expiresAtMs = Infinity }) => expiresAtMs)
    nextEndMs = Math.min(...ends.filter((endMs) => endMs > time.nowMs), Infinity)
  }
  return {
    changes,
    state,
    commit,
    remove,
    currentOf,
    expire,
    prepareToWrite({ fence }: Fenced): void {
      if (state.isReadOnly) throw unavailable('the disk is full')
      expire()
      named = fence
      if (fence !== undefined && currentOf(fence.key)?.createdRevision !== fence.createdRevision)
        throw fencedOff()
    },
    /** What there is at a revision. What is over, and could not be deleted yet, is not shown. */
    stateOf(prefix: string, revision: number): readonly StoreChange[] {
      const all = changes.state(prefix, revision)
      return revision < changes.revision ? all : all.filter((each) => !isOver(each))
    },
    /** @throws {StoreError} if the object is another one than expected. */
    expected(key: string, wanted: DeletePrecondition): StoreChange {
      const current = currentOf(key)
      if (current === undefined) throw new StoreError('objectNotFound', 'no object has this key')
      const { revision = current.revision, createdRevision = current.createdRevision } = wanted
      if (revision === current.revision && createdRevision === current.createdRevision) return current
      throw new StoreError('revisionConflict', 'the object has changed since that revision')
    },
    endOf({ ttlMs, expiresAtMs }: Lifetime): { readonly expiresAtMs?: number } {
      const endMs = expiresAtMs ?? (ttlMs === undefined ? undefined : time.nowMs + ttlMs)
      if (endMs === undefined) return {}
      time.after(endMs - time.nowMs, expire)
      nextEndMs = Math.min(nextEndMs, Math.ceil(endMs))
      return { expiresAtMs: Math.ceil(endMs) }
    },
  }
}

/** Where a list goes on, in the form of `@kube-authn/store`. */
function placeIn(token: string): { readonly revision: number; readonly after: string } {
  const [revision, after] = JSON.parse(Buffer.from(token, 'base64url').toString()) as [number, string]
  return { revision, after }
}
