import type { StoreChange, StoredObject } from '../object-store.ts'

/**
 * What differs between the engines inside this process: where changes are kept. The rules are in `local-store.ts`. Everything is synchronous, and only
 * one engine uses the same file at a time.
 */
export interface LocalEngine {
  /** The revision of the last change, and up to which changes were forgotten. Read once, at the start. */
  readonly revision: number
  readonly compactedRevision: number
  get(key: string): StoredObject | undefined
  /** The objects at a revision, which is not less than that of the last compaction, in the order of keys. @param query `after`: only keys after this one. */
  range(query: {
    readonly prefix: string
    readonly after?: string
    readonly revision: number
    readonly limit: number
  }): readonly StoredObject[]
  /** How many current objects there are, up to `most`. */
  count(prefix: string, most: number): number
  /** The first change of a key with this prefix after a revision, which is not less than that of the last compaction. */
  changeAfter(revision: number, prefix: string): StoreChange | undefined
  /** All of them or none; durable when it returns. @throws anything if none of them was written. */
  write(changes: readonly StoreChange[]): void
  /** Forgets every change up to `revision`, except the last one of each object that exists at it. */
  compact(revision: number): void
  /** The current objects that expire. */
  expiring(): Iterable<StoredObject>
  close(): void
}
