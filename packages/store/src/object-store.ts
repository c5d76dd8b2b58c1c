/** An object in a store. */
export interface StoredObject {
  readonly key: string
  readonly value: string
  /** The revision of its last change. */
  readonly revision: number
  /** The revision of its creation: if it is deleted and created again, this is another. */
  readonly createdRevision: number
  /** When it expires, in milliseconds since the epoch. */
  readonly expiresAtMs?: number
}

export function objectOf({ key, value, revision, createdRevision, expiresAtMs }: StoredObject): StoredObject {
  return { key, value, revision, createdRevision, ...(expiresAtMs !== undefined && { expiresAtMs }) }
}

/** A change of one object. Each has a revision of its own, and a later one has a greater revision. */
export interface StoreChange extends StoredObject {
  /** If `deleted`: `value` is the last one, and `revision` that of the deletion. An object that expires is deleted. */
  readonly type: 'created' | 'updated' | 'deleted'
  /** If `updated`: the value before. */
  readonly previous?: string
}

/** Every change up to `revision` was delivered before. */
export interface StoreProgress {
  readonly type: 'progress'
  readonly revision: number
}

/** What {@link ObjectStore.watch} delivers. More may be added in a minor version; handle the rest. */
export type StoreEvent = StoreChange | StoreProgress

/** An object that must be there, and not another one of the same key, while something is written: a lease that the writer holds. */
export interface Fence {
  readonly key: string
  readonly createdRevision: number
}

/** Under which condition something is written. */
export interface Fenced {
  /**
   * The engine writes only if this object exists, was created in this revision and has not expired, which it finds out together with the write: from the deletion
   * of the fence on, nothing is written that names it. Default: none.
   */
  readonly fence?: Fence
}

/** How long an object lives, and under which condition it is written. */
export interface Lifetime extends Fenced {
  /** Milliseconds from now; above 0. Default: without end. An update without an end takes it away. */
  readonly ttlMs?: number
  /**
   * Instead of `ttlMs`: when it ends, in milliseconds since the epoch, by the time of the store and not that of this process. It never ends earlier. What is over ends at once.
   */
  readonly expiresAtMs?: number
}

/** What must be true of an object that is deleted. */
export interface DeletePrecondition extends Fenced {
  readonly revision?: number
  readonly createdRevision?: number
}

/** Which part of a list is wanted. */
export interface ListOptions {
  /** The maximum number of objects; 1 or more. Default: all. */
  readonly limit?: number
  /** `continue` of the page before. The page has the objects of the same revision. */
  readonly continue?: string
}

/** Some of the objects at one revision. */
export interface StoredList {
  /** In the order of the bytes of their keys in UTF-8. */
  readonly objects: readonly StoredObject[]
  /** The revision of the store that the whole list, with all pages, is of. */
  readonly revision: number
  /** For the next page; absent if there is none. Opaque, and safe to accept from a client. */
  readonly continue?: string
}

/** How changes are watched. */
export interface WatchOptions {
  /** Deliver the changes after this revision. Default: the current one. */
  readonly since?: number
  /** Ends the watch, at once. */
  readonly signal?: AbortSignal
  /** How many changes may wait to be read. A slower reader gets `watchTooSlow`. Default 1,000. */
  readonly maxWaiting?: number
  /** How often a {@link StoreProgress} is delivered while nothing else is. Default: never. */
  readonly progressMs?: number
}

/** What an engine knows of itself. What it does not have is absent. More may be added in a minor version. */
export interface StoreStatus {
  /** The last revision that this process knows. */
  readonly revision?: number
  /** Changes up to this revision were forgotten. */
  readonly compactedRevision?: number
  /** How far the clock of this process is ahead of that of the store, at least; below 0 if it is behind, 0 if the clocks may agree. */
  readonly clockOffsetSeconds?: number
  /** The version of the tables. */
  readonly schemaVersion?: number
  /** Those of a pool. `waiting` is how many requests wait for one. */
  readonly connections?: Readonly<Record<'used' | 'idle' | 'waiting' | 'limit', number>>
}

/**
 * Where objects are kept: the interface of all engines. It is modelled after etcd, so that the API server of Kubernetes could be built on it:
 *
 * - One revision for the whole store. It begins with 0, and each change of an object increases it by at least 1.
 * - Keys are strings of 1 to 1,024 bytes in UTF-8, of any characters except U+0000. Values are such strings of at most 1,048,576 bytes, as a rule JSON.
 * - A change is durable, as far as the engine promises it, before its promise resolves.
 * - A read sees all changes that were acknowledged before it began.
 * - An expired object is never returned. Its expiry is a change like any other.
 *
 * Every method rejects with a {@link StoreError}.
 *
 * Source: etcd API v3; apiserver `pkg/storage/interfaces.go`.
 */
export interface ObjectStore {
  /** Resolves to `undefined` if there is no such object. */
  get(key: string): Promise<StoredObject | undefined>
  /**
   * The objects whose keys begin with `prefix`.
   *
   * @throws {StoreError} `invalidContinue`; `revisionCompacted` if the pages before are too old.
   */
  list(prefix: string, options?: ListOptions): Promise<StoredList>
  /**
   * How many objects have keys that begin with `prefix`; counting ends at `most`. One that has just expired may be among them. Default: they are listed, and counted.
   */
  count?(prefix: string, most: number): Promise<number>
  /** @throws {StoreError} `objectExists`, `objectTooLarge`, `invalidObject`, `fenced` */
  create(key: string, value: string, lifetime?: Lifetime): Promise<StoredObject>
  /**
   * Replaces the value of an object that is still at `revision`.
   *
   * @throws {StoreError} `revisionConflict`, `objectNotFound`, `objectTooLarge`, `invalidObject`, `fenced`
   */
  update(key: string, value: string, revision: number, lifetime?: Lifetime): Promise<StoredObject>
  /** @throws {StoreError} `revisionConflict`, `objectNotFound`, `fenced` */
  delete(key: string, precondition?: DeletePrecondition): Promise<StoreChange>
  /**
   * Every change of objects whose keys begin with `prefix`, once and in order. The iteration ends when the signal aborts or the loop is left, and
   * throws when it cannot go on: `revisionCompacted` if `since` is too old, `revisionUnknown` if it was never reached, `watchTooSlow`, `closed`.
   * After the last two, another watch since the last delivered revision misses nothing.
   */
  watch(prefix: string, options?: WatchOptions): AsyncIterable<StoreEvent>
  /** The revision of the last change. */
  revision(): Promise<number>
  /**
   * The time by which objects end, in milliseconds since the epoch, as far as this process knows it: the same in all processes, whatever their clocks say. Default: the time of
   * the runtime.
   */
  now?(): number
  /** What the engine knows of itself, without asking it. For metrics. */
  status?(): StoreStatus
  /** Forgets changes up to `revision`: no watch and no list can go back behind it. Objects stay. @throws {StoreError} `revisionUnknown` */
  compact(revision: number): Promise<void>
  /** Ends all watches, and releases what the engine holds. What was begun before is completed. */
  close(): Promise<void>
  /** The same as `close`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>
}
