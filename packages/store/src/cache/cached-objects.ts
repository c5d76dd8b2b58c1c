import type { StoreChange, StoredObject } from '../object-store.ts'
import { StoreError } from '../store-error.ts'

export interface Kept<T> {
  readonly value: T
  /** Objects that are created again have another one. */
  readonly createdRevision: number
}

export interface ObjectUse<T> {
  /** What is kept of an object. @throws if it cannot be read. */
  readonly read: (stored: StoredObject) => T
  /** An object is another one than before. One that was deleted, or cannot be read, is `undefined`. It must not throw. */
  readonly onChange: (key: string, before: Kept<T> | undefined, after: Kept<T> | undefined) => void
  /** An object cannot be read. */
  readonly onUnreadable: (key: string, error: unknown) => void
}

/** A version of an object. Its revision is -1 if every other version is later. */
type Version<T> =
  | ({ readonly state: 'kept'; readonly revision: number } & Kept<T>)
  | { readonly state: 'unreadable' | 'deleted'; readonly revision: number }

/** The latest version of each object, in whatever order versions are told. */
export interface CachedObjects<T> {
  readonly size: number
  /** @throws {StoreError} `storeCorrupted` if the object cannot be read. */
  get(this: void, key: string): T | undefined
  /** Takes over a version or a deletion, unless a later one is known already. */
  take(this: void, written: StoredObject | StoreChange): void
  /** The same for what this process wrote, whose answer may arrive after the store has told everything up to it: then it may be deleted and forgotten. */
  learn(written: StoredObject | StoreChange): void
  /** All objects at this revision are known: those that are not listed, and are not later, are gone. */
  keepListed(listed: ReadonlySet<string>, revision: number): void
  /** Everything up to this revision is known: nothing older will be told. */
  settle(revision: number): void
  /** Revisions begin again, as after another store took the place of this one. */
  restart(): void
}

export function cachedObjects<T>({ read, onChange, onUnreadable }: ObjectUse<T>): CachedObjects<T> {
  const known = new Map<string, Version<T>>()
  /** Keys of deleted objects, whose older versions may still be told. */
  const deleted = new Set<string>()
  /** Everything up to this revision is known. */
  let settled = -1

  const versionOf = (written: StoredObject | StoreChange): Version<T> => {
    const { key, revision, createdRevision } = written
    if ('type' in written && written.type === 'deleted') return { state: 'deleted', revision }
    try {
      return { state: 'kept', revision, value: read(written), createdRevision }
    } catch (error) {
      onUnreadable(key, error)
      return { state: 'unreadable', revision }
    }
  }

  const changed = (key: string, before: Version<T> | undefined, after: Version<T> | undefined): void => {
    const [old, now] = [keptOf(before), keptOf(after)]
    if (old !== undefined || now !== undefined) onChange(key, old, now)
  }

  const forget = (key: string): void => {
    const before = known.get(key)
    known.delete(key)
    deleted.delete(key)
    changed(key, before, undefined)
  }

  const take = (written: StoredObject | StoreChange): void => {
    const { key, revision } = written
    const before = known.get(key)
    if (before !== undefined && revision <= before.revision) return
    const after = versionOf(written)
    known.set(key, after)
    if (after.state === 'deleted') deleted.add(key)
    else deleted.delete(key)
    changed(key, before, after)
  }

  return {
    get size() {
      return known.size - deleted.size
    },

    get(key) {
      const found = known.get(key)
      if (found?.state === 'unreadable') {
        throw new StoreError('storeCorrupted', 'an object in the store cannot be read')
      }
      return keptOf(found)?.value
    },

    take,

    learn(written) {
      if (written.revision > settled) take(written)
    },

    keepListed(listed, revision) {
      for (const [key, each] of known) if (!listed.has(key) && each.revision <= revision) forget(key)
      settled = revision
    },

    settle(revision) {
      settled = revision
      for (const key of deleted) if ((known.get(key)?.revision ?? -1) <= revision) forget(key)
    },

    restart() {
      settled = -1
      for (const [key, each] of known) known.set(key, { ...each, revision: -1 })
    },
  }
}

function keptOf<T>(version: Version<T> | undefined): Kept<T> | undefined {
  return version?.state === 'kept' ? version : undefined
}
