import type { Clock } from '@kube-authn/core'
import type { ObjectStore, StoreChange, StoredObject } from './object-store.ts'

/** What is told of the followed objects. */
export interface StoreFollower {
  /** All objects are about to be told. */
  listing?(): void
  /** An object of a list, as it was at the revision of the list. */
  object(object: StoredObject): void
  /** All objects of the list were told, those with these keys: the others had been deleted. */
  listed(keys: ReadonlySet<string>, revision: number): void
  change(change: StoreChange): void
  /** Changes were missed, and all objects will be listed. If `isReplaced`, the store is another one than before: what is known of revisions is worth nothing. */
  gap(isReplaced: boolean): void
  /** The store was reached: everything up to now has been told, or will be at once. */
  reached(): void
  /** Changes cannot be followed: the store failed, or the follower could not take what it was told. It is tried again, unless `isFinal`. */
  failed(error: unknown, isFinal: boolean): void
  /** With `maxStalenessMs`: the store is about to be asked how far it is. */
  asked?(): void
  /** With `maxStalenessMs`: everything has been told that had happened when the store was last asked. */
  confirmed?(): void
}

/** Options of `followStore`. */
export interface FollowOptions {
  readonly store: Pick<ObjectStore, 'list' | 'watch' | 'revision'>
  readonly prefix: string
  readonly clock: Clock
  /** Ends it. */
  readonly signal: AbortSignal
  /**
   * Compare with the store that every change was told, often enough for a follower that must know it within this time, in milliseconds. A watch that is silent
   * or does not get there is begun anew. Default: the watch is trusted.
   */
  readonly maxStalenessMs?: number
}
