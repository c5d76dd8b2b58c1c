import type { StoredObject } from './object-store.ts'

/** Everything in a store at one revision, read without changing anything. */
export interface StoreSnapshot {
  /** As people write it: `SQLite`. */
  readonly engine: string
  /** Absent if the engine has no schema. */
  readonly schemaVersion?: number
  readonly revision: number
  /** Changes up to it were forgotten. */
  readonly compactedRevision: number
  /** How many objects have keys that begin with `prefix`, those included that have expired and were not deleted yet. */
  count(prefix: string): Promise<number>
  /** The same objects in parts, in the order of the bytes of their keys in UTF-8. */
  objects(prefix: string): AsyncIterable<readonly FoundObject[]>
  /** What is wrong with the remembered changes, a sentence for each; none if nothing is. */
  historyProblems(): Promise<readonly string[]>
}

/** An object, as far as it can be read. */
export type FoundObject = StoredObject | UnreadableObject

/** An object whose value is not what was written. */
export interface UnreadableObject {
  readonly key: string
  /** Why, without the value. */
  readonly problem: string
}

/** The objects of a list in parts. @param read the objects after a key, or the first ones. An empty part is the end. */
export async function* inParts(
  read: (after: string | undefined) => Promise<readonly FoundObject[]>,
): AsyncGenerator<readonly FoundObject[], void> {
  for (let after: string | undefined; ;) {
    const found = await read(after)
    if (found.length === 0) return
    yield found
    after = found.at(-1)?.key
  }
}

/** How many objects are read at a time. Each may have 1 MiB. */
export const SNAPSHOT_PAGE = 64
