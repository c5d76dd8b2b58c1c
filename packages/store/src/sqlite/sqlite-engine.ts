import { rangeEnd } from '../key-order.ts'
import type { LocalEngine } from '../local/engine.ts'
import { objectOf } from '../local/write-queue.ts'
import type { StoreChange } from '../object-store.ts'
import { checksumOf } from './checksum.ts'
import type { SqlDatabase, SqlRow } from './database.ts'
import { corrupted, sqliteFailure } from './failure.ts'
import { release } from './schema.ts'

const NO_LIMIT = -1

/** What {@link readChange} reads. */
export const COLUMNS = 'c.revision, c.key, c.type, c.created, c.expires, c.value, c.checksum'
/** The type of a deletion in the table. */
export const DELETED = 2
const TYPES = ['created', 'updated', 'deleted'] as const

const SQL = {
  get: `SELECT ${COLUMNS} FROM change c WHERE c.key = ?1 ORDER BY c.revision DESC LIMIT 1`,
  // The index has the keys in order; of each, the last change at the revision counts.
  range: `
    SELECT ${COLUMNS} FROM change c INDEXED BY change_of_key
    WHERE c.key >= ?1 AND c.key < ?2 AND c.key <> ?3 AND c.revision <= ?4 AND c.type <> ${DELETED} AND NOT EXISTS (
      SELECT 1 FROM change l INDEXED BY change_of_key WHERE l.key = c.key AND l.revision > c.revision AND l.revision <= ?4
    ) ORDER BY c.key LIMIT ?5`,
  changes: `
    SELECT ${COLUMNS}, (
      SELECT p.value FROM change p INDEXED BY change_of_key WHERE p.key = c.key AND p.revision < c.revision
      ORDER BY p.revision DESC LIMIT 1
    ) AS previous
    FROM change c NOT INDEXED WHERE c.revision > ?1 AND c.key >= ?2 AND c.key < ?3 ORDER BY c.revision LIMIT ?4`,
  expiring: `
    SELECT ${COLUMNS} FROM change c WHERE c.expires IS NOT NULL AND c.type <> ${DELETED} AND NOT EXISTS (
      SELECT 1 FROM change l INDEXED BY change_of_key WHERE l.key = c.key AND l.revision > c.revision)`,
  insert:
    'INSERT INTO change (revision, key, type, created, expires, value, checksum) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)',
  setRevision: 'UPDATE state SET revision = ?1',
  setCompacted: 'UPDATE state SET compacted = ?1',
  forgetOlder: `
    DELETE FROM change WHERE revision <= ?1 AND (type = ${DELETED} OR EXISTS (
      SELECT 1 FROM change l INDEXED BY change_of_key WHERE l.key = change.key AND l.revision > change.revision AND l.revision <= ?1))`,
  state: 'SELECT revision, compacted FROM state',
} as const

/**
 * The changes in a database that `open-store-file.ts` has checked.
 *
 * @param file its name, for errors.
 * @throws {StoreError} `storeCorrupted`, `storeUnavailable`; so do all functions of the engine.
 */
export function sqliteEngine(database: SqlDatabase, file: string): LocalEngine {
  const attempt = <T>(work: () => T): T => {
    try {
      return work()
    } catch (thrown) {
      throw sqliteFailure(thrown, file)
    }
  }
  const statements = attempt(() => ({
    get: database.prepare(SQL.get),
    range: database.prepare(SQL.range),
    changes: database.prepare(SQL.changes),
    insert: database.prepare(SQL.insert),
    setRevision: database.prepare(SQL.setRevision),
    setCompacted: database.prepare(SQL.setCompacted),
    forgetOlder: database.prepare(SQL.forgetOlder),
  }))

  const changeOf = (row: SqlRow): StoreChange => readChange(row) ?? refuse()
  const refuse = (): never => {
    throw corrupted(file)
  }

  const inTransaction = (work: () => void): void =>
    attempt(() => {
      database.exec('BEGIN IMMEDIATE')
      try {
        work()
        database.exec('COMMIT')
      } catch (thrown) {
        rollBack(database)
        throw thrown
      }
    })

  const state = attempt(() => database.prepare(SQL.state).get())
  const { revision, compacted } = state ?? refuse()
  if (typeof revision !== 'number' || typeof compacted !== 'number') return refuse()

  return {
    revision,
    compactedRevision: compacted,
    get: (key) =>
      attempt(() => {
        const row = statements.get.get(key)
        if (row === undefined) return undefined
        const change = changeOf(row)
        return change.type === 'deleted' ? undefined : objectOf(change)
      }),
    range: ({ prefix, after, revision: at, limit }) =>
      attempt(() =>
        statements.range
          .all(after ?? prefix, rangeEnd(prefix), after ?? '', at, sqlLimit(limit))
          .map((row) => objectOf(changeOf(row))),
      ),
    changes: ({ prefix, since, limit }) =>
      attempt(() =>
        statements.changes.all(since, prefix, rangeEnd(prefix), sqlLimit(limit)).map((row) => {
          const change = changeOf(row)
          const { previous } = row
          return change.type === 'updated' && typeof previous === 'string' ? { ...change, previous } : change
        }),
      ),
    write: (changes) =>
      inTransaction(() => {
        for (const { revision: at, key, type, createdRevision, expiresAtMs, value } of changes) {
          const expires = expiresAtMs ?? null
          const checksum = checksumOf(key, value)
          statements.insert.run(at, key, TYPES.indexOf(type), createdRevision, expires, value, checksum)
          statements.setRevision.run(at)
        }
      }),
    compact: (upTo) =>
      inTransaction(() => {
        statements.forgetOlder.run(upTo)
        statements.setCompacted.run(upTo)
      }),
    expiring: () =>
      attempt(() =>
        database
          .prepare(SQL.expiring)
          .all()
          .map((row) => objectOf(changeOf(row))),
      ),
    close: () => closeDatabase(database),
  }
}

/** On a full disk the log stays a file of its own, and is read when the store is opened again. */
export function closeDatabase(database: SqlDatabase): void {
  try {
    release(database)
  } catch {
    // The driver gives the file free when it can.
  }
  database.close()
}

function sqlLimit(limit: number): number {
  return limit === Infinity ? NO_LIMIT : limit
}

/** SQLite has rolled back some failed transactions by itself. */
function rollBack(database: SqlDatabase): void {
  try {
    database.exec('ROLLBACK')
  } catch {
    // There is no transaction any more.
  }
}

/** `undefined` if the row is not what was written. */
export function readChange({
  revision,
  key,
  type,
  created,
  expires,
  value,
  checksum,
}: SqlRow): StoreChange | undefined {
  const name = typeof type === 'number' ? TYPES[type] : undefined
  if (typeof revision !== 'number' || typeof created !== 'number' || name === undefined) return undefined
  if (typeof key !== 'string' || typeof value !== 'string' || checksumOf(key, value) !== checksum)
    return undefined
  const ends = typeof expires === 'number' ? { expiresAtMs: expires } : {}
  return { type: name, key, value, revision, createdRevision: created, ...ends }
}
