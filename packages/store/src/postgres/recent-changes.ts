import type { StoreChange } from '../object-store.ts'

/** The last changes, in memory: a watch that resumes near the end needs no read of the database. */
export interface RecentChanges {
  /** The revision of the last change. */
  readonly revision: () => number
  /** Changes that follow each other. Those that it has are left out; so are all if there is a gap before them. Returns the ones that were new. */
  add(changes: readonly StoreChange[]): readonly StoreChange[]
  /** Whether it has every change after a revision. */
  reaches(since: number): boolean
  /** The next change of a prefix after a revision that it reaches. */
  next(since: number, prefix: string): StoreChange | undefined
  /** Begins anew. */
  reset(revision: number): void
}

const MOST = 1000
/** In characters of values. */
const MOST_LENGTH = 4_194_304

/** Without changes, at a revision. */
export function recentChanges(at: number): RecentChanges {
  let first = at
  let changes: StoreChange[] = []
  let length = 0
  const revision = (): number => first + changes.length

  /** Seldom, so that it costs little for each change. */
  const trim = (): void => {
    if (changes.length < 2 * MOST && length < 2 * MOST_LENGTH) return
    let gone = 0
    for (const change of changes) {
      if (changes.length - gone <= MOST && length <= MOST_LENGTH) break
      length -= lengthOf(change)
      gone++
    }
    changes = changes.slice(gone)
    first += gone
  }

  return {
    revision,
    add(given) {
      const added: StoreChange[] = []
      for (const change of given) {
        if (change.revision !== revision() + 1) continue
        changes.push(change)
        added.push(change)
        length += lengthOf(change)
      }
      trim()
      return added
    },
    reaches: (since) => since >= first && since <= revision(),
    next(since, prefix) {
      for (let index = since - first; index < changes.length; index++) {
        const change = changes[index]
        if (change?.key.startsWith(prefix) === true) return change
      }
      return undefined
    },
    reset(to) {
      first = to
      changes = []
      length = 0
    },
  }
}

function lengthOf({ value, previous }: StoreChange): number {
  return value.length + (previous?.length ?? 0)
}
