import { crc32 } from 'node:zlib'
import { rangeEnd } from '../key-order.ts'
import type { LocalEngine } from '../local/engine.ts'
import { objectOf } from '../object-store.ts'
import type { StoreChange } from '../object-store.ts'
import type { SqlDatabase, SqlRow, SqlStatement } from './driver.ts'
import { attempt, corrupted } from './failure.ts'
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
  count: `
    SELECT count(*) AS count FROM (
      SELECT 1 FROM change c INDEXED BY change_of_key WHERE c.key >= ?1 AND c.key < ?2 AND c.type <> ${DELETED} AND NOT EXISTS (
        SELECT 1 FROM change l INDEXED BY change_of_key WHERE l.key = c.key AND l.revision > c.revision
      ) LIMIT ?3)`,
  changeAfter: `
    SELECT ${COLUMNS}, (
      SELECT p.value FROM change p INDEXED BY change_of_key WHERE p.key = c.key AND p.revision < c.revision
      ORDER BY p.revision DESC LIMIT 1
    ) AS previous
    FROM change c NOT INDEXED WHERE c.revision > ?1 AND c.key >= ?2 AND c.key < ?3 ORDER BY c.revision LIMIT 1`,
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
  const statements = attempt(file, () => prepared(database))
  const found = attempt(file, () => database.prepare(SQL.state).get())
  const { revision, compacted } = found ?? {}
  if (typeof revision !== 'number' || typeof compacted !== 'number') throw corrupted(file)
  return {
    revision,
    compactedRevision: compacted,
    get: (key) =>
      attempt(file, () => {
        const row = statements.get.get(key)
        if (row === undefined) return undefined
        const change = changeIn(row, file)
        return change.type === 'deleted' ? undefined : objectOf(change)
      }),
    range: ({ prefix, after, revision: at, limit }) =>
      attempt(file, () =>
        statements.range
          .all(after ?? prefix, rangeEnd(prefix), after ?? '', at, limit === Infinity ? NO_LIMIT : limit)
          .map((row) => objectOf(changeIn(row, file))),
      ),
    count: (prefix, most) =>
      attempt(file, () => Number(statements.count.get(prefix, rangeEnd(prefix), most)?.['count'])),
    changeAfter: (since, prefix) =>
      attempt(file, () => {
        const row = statements.changeAfter.get(since, prefix, rangeEnd(prefix))
        if (row === undefined) return undefined
        const change = changeIn(row, file)
        const { previous } = row
        return change.type === 'updated' && typeof previous === 'string' ? { ...change, previous } : change
      }),
    write: (changes) => inTransaction(database, file, () => insert(statements, changes)),
    compact: (upTo) =>
      inTransaction(database, file, () => {
        statements.forgetOlder.run(upTo)
        statements.setCompacted.run(upTo)
      }),
    expiring: () =>
      attempt(file, () => {
        const rows = database.prepare(SQL.expiring).all()
        return rows.map((row) => objectOf(changeIn(row, file)))
      }),
    close: () => closeDatabase(database),
  }
}

type Statements = Readonly<Record<Exclude<keyof typeof SQL, 'expiring' | 'state'>, SqlStatement>>

function prepared(database: SqlDatabase): Statements {
  return {
    get: database.prepare(SQL.get),
    range: database.prepare(SQL.range),
    count: database.prepare(SQL.count),
    changeAfter: database.prepare(SQL.changeAfter),
    insert: database.prepare(SQL.insert),
    setRevision: database.prepare(SQL.setRevision),
    setCompacted: database.prepare(SQL.setCompacted),
    forgetOlder: database.prepare(SQL.forgetOlder),
  }
}

function inTransaction(database: SqlDatabase, file: string, work: () => void): void {
  attempt(file, () => {
    database.exec('BEGIN IMMEDIATE')
    try {
      work()
      database.exec('COMMIT')
    } catch (thrown) {
      rollBack(database)
      throw thrown
    }
  })
}

function insert(statements: Statements, changes: readonly StoreChange[]): void {
  for (const { revision, key, type, createdRevision, expiresAtMs, value } of changes) {
    const expires = expiresAtMs ?? null
    const checksum = checksumOf(key, value)
    statements.insert.run(revision, key, TYPES.indexOf(type), createdRevision, expires, value, checksum)
    statements.setRevision.run(revision)
  }
}

/** @throws {StoreError} `storeCorrupted` */
function changeIn(row: SqlRow, file: string): StoreChange {
  const change = readChange(row)
  if (change === undefined) throw corrupted(file)
  return change
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

/** SQLite has rolled back some failed transactions by itself. */
function rollBack(database: SqlDatabase): void {
  try {
    database.exec('ROLLBACK')
  } catch {
    // There is no transaction any more.
  }
}

/** `undefined` if the row is not what was written. */
export function readChange(row: SqlRow): StoreChange | undefined {
  const { revision, key, type, created, expires, value, checksum } = row
  const name = typeof type === 'number' ? TYPES[type] : undefined
  if (typeof revision !== 'number' || typeof created !== 'number' || name === undefined) return undefined
  if (typeof key !== 'string' || typeof value !== 'string' || checksumOf(key, value) !== checksum)
    return undefined
  const ends = typeof expires === 'number' ? { expiresAtMs: expires } : {}
  return { type: name, key, value, revision, createdRevision: created, ...ends }
}

/**
 * The CRC-32 of a key and its value. SQLite checks its log and the structure of its pages, but not the bytes of values: with this, a value that the disk
 * changed is an error, and not another value.
 */
function checksumOf(key: string, value: string): number {
  return crc32(value, crc32(`${key}\0`))
}
