import type { StoreChange } from '../object-store.ts'
import { firstWhere } from './sorted-set.ts'

/** Changes in the order of their revisions, without a gap. */
export interface RecentChanges {
  /** All changes after this revision are here. */
  readonly since: () => number
  /** The next change of an object with this prefix; `undefined` if there is none. */
  after(revision: number, prefix: string): StoreChange | undefined
  /** Changes that were made after all of these. */
  add(changes: readonly StoreChange[]): void
  /** Changes that were made before all of these: all after `since`. */
  prepend(changes: readonly StoreChange[], since: number): void
  /** Drops the changes up to a revision, and returns them. */
  forget(revision: number): readonly StoreChange[]
}

/** No changes yet. */
export function recentChanges(since: number): RecentChanges {
  let start = since
  let changes: StoreChange[] = []

  const firstAfter = (revision: number): number => firstWhere(changes, (change) => change.revision > revision)

  return {
    since: () => start,
    after(revision, prefix) {
      for (let index = firstAfter(revision); index < changes.length; index++) {
        const change = changes[index]
        if (change?.key.startsWith(prefix) === true) return change
      }
      return undefined
    },
    add(added) {
      for (const change of added) changes.push(change)
    },
    prepend(earlier, from) {
      changes = [...earlier, ...changes]
      start = from
    },
    forget(revision) {
      if (revision <= start) return []
      const forgotten = changes.slice(0, firstAfter(revision))
      changes = changes.slice(forgotten.length)
      start = revision
      return forgotten
    },
  }
}
