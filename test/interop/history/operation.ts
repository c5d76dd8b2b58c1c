/** An object as a client saw it. */
export interface SeenObject {
  readonly value: string
  readonly revision: number
  readonly createdRevision: number
}

/** What a client asks of the store. Every value that is written is another one, so that it says which write it is of. */
export type Asked =
  | { readonly type: 'get'; readonly key: string }
  | { readonly type: 'create'; readonly key: string; readonly value: string }
  | { readonly type: 'update'; readonly key: string; readonly value: string; readonly revision: number }
  | { readonly type: 'delete'; readonly key: string; readonly revision: number }

/** Why the store refused a change: it certainly made none. */
export type Refusal = 'objectExists' | 'objectNotFound' | 'revisionConflict'

/**
 * How it ended for the client. `unknown`: no answer, or one that does not say whether the change was made: it may have been made, or be made at any later time, or never.
 */
export type Outcome =
  | { readonly type: 'ok'; readonly object: SeenObject | undefined; readonly revision: number }
  | { readonly type: 'refused'; readonly code: Refusal }
  | { readonly type: 'unknown' }

/** An operation of a client. */
export interface Operation {
  readonly asked: Asked
  readonly outcome: Outcome
  /** Where its beginning and its end are among those of all operations: a count, so that no two are at the same time. */
  readonly begin: number
  readonly end: number
}

/** A change that a watch told of. */
export interface SeenChange extends SeenObject {
  readonly type: 'created' | 'updated' | 'deleted'
  readonly key: string
  readonly previous: string | undefined
}

/** All objects below a prefix, as a list showed them. */
export interface SeenList {
  readonly prefix: string
  readonly objects: readonly (SeenObject & { readonly key: string })[]
  readonly revision: number
  readonly begin: number
  readonly end: number
}

/** What happened in a run. */
export interface History {
  readonly operations: readonly Operation[]
  readonly lists: readonly SeenList[]
  /** What the watch of each replica told, from the beginning. */
  readonly watches: readonly (readonly SeenChange[])[]
}
