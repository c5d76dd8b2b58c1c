import type { HistoryLimit } from '../local/history.ts'
import type { Database } from './database.ts'
import { quotedIdentifier } from './identifier.ts'
import type { Reader } from './reader.ts'
import { numberIn, type StoreState } from './rows.ts'
import type { Written } from './writer.ts'

/** Forgets changes. */
export interface Compaction {
  /** Forgets changes up to a revision, unless it is yet to come. Returns how far the store is. */
  compact(revision: number): Promise<StoreState>
  /** Something was written. */
  written(written: Written): void
  /** Forgets what is more than the limit, if anything is. A failure is none of the write: the next write tries again. */
  forgetSurplus(): Promise<void>
}

/** Options of {@link compaction}. */
export interface CompactionOptions {
  readonly database: Database
  readonly reader: Reader
  readonly schema: string
  readonly history: HistoryLimit
  readonly waitMs: number
  readonly onCompacted: (state: StoreState) => void
}

/** When the limit is exceeded by a tenth, everything before the limit is forgotten, so that it happens once in many changes. */
export function compaction({
  database,
  reader,
  schema,
  history,
  waitMs,
  onCompacted,
}: CompactionOptions): Compaction {
  const sql = `SELECT o_revision AS last, o_compacted AS compacted FROM ${quotedIdentifier(schema)}.compact($1, $2)`
  let isExceeded = false

  const compact = async (revision: number): Promise<StoreState> => {
    const [row = {}] = await database.query(sql, [revision, waitMs])
    const state = { revision: numberIn(row, 'last'), compactedRevision: numberIn(row, 'compacted') }
    onCompacted(state)
    return state
  }

  return {
    compact,
    written({ revision, compactedRevision, historyLength }) {
      isExceeded =
        revision - compactedRevision > 1.1 * history.changes || historyLength > 1.1 * history.length
    },
    async forgetSurplus() {
      if (!isExceeded) return
      isExceeded = false
      try {
        await compact(await reader.surplus(history))
      } catch {
        // The history is only longer than it need be.
      }
    },
  }
}
