/** What was asked of a store of objects. More may be added in a minor version; handle the rest. */
export type StoreOperation = 'get' | 'list' | 'create' | 'update' | 'delete' | 'revision' | 'compact'

/** A store of objects answered, refused or failed. */
export interface StoreRequestEvent {
  readonly type: 'storeRequest'
  readonly operation: StoreOperation
  /** `ok`, the code of a `StoreError`, or `unknown` for any other error. */
  readonly code: string
  /** The engine did not do what it was asked. A refusal, as of a conflict, is no failure. */
  readonly isFailure: boolean
  readonly durationSeconds: number
}

/** A watch of a store of objects began or ended. */
export interface StoreWatchEvent {
  readonly type: 'storeWatch'
  readonly change: 1 | -1
  /** Why it could not go on: the code of a `StoreError`, or `unknown`. Absent if its reader ended it. */
  readonly code?: string
}

/** What an engine knows of itself, at most once a second. What it does not have is absent. */
export interface StoreStatusEvent {
  readonly type: 'storeStatus'
  /** The last revision that this process knows. */
  readonly revision?: number
  /** Changes up to this revision were forgotten. */
  readonly compactedRevision?: number
  /** How far the clock of this process is ahead of that of the store, at least; below 0 if it is behind, 0 if the clocks may agree. */
  readonly clockOffsetSeconds?: number
  readonly schemaVersion?: number
  /** Those of a pool. `waiting` is how many requests wait for one. */
  readonly connections?: Readonly<Record<'used' | 'idle' | 'waiting' | 'limit', number>>
}

/**
 * A copy of objects in a store was found current (`confirmed`), is not followed any more (`failing`), or is again (`recovered`). An outage that begins again within 30 seconds is
 * one, and told once.
 */
export interface StoreCopyEvent {
  readonly type: 'storeCopy'
  /** As in `service accounts`: one of a few names. */
  readonly kind: string
  readonly status: 'confirmed' | 'failing' | 'recovered'
  /** How many objects there are. */
  readonly objects: number
  readonly maxObjects: number
  /** How old the copy is: at `confirmed` the time since the store was asked. Absent before the first confirmation. */
  readonly ageSeconds?: number
  /** At `recovered`: for how long changes were not followed. */
  readonly outageSeconds?: number
}
