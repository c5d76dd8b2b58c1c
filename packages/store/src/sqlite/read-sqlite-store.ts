import { rangeEnd } from '../key-order.ts'
import { objectOf } from '../object-store.ts'
import { type FoundObject, inParts, SNAPSHOT_PAGE, type StoreSnapshot } from '../store-snapshot.ts'
import type { SqlDatabase, SqlRow, SqlValue } from './driver.ts'
import { sqliteDriver } from './driver.ts'
import { attempt, corrupted } from './failure.ts'
import { isStoreFile, makeStoreFile, openStoreFileToRead } from './open-store-file.ts'
import { SCHEMA_VERSION } from './schema.ts'
import { closeDatabase, COLUMNS, DELETED, readChange } from './sqlite-engine.ts'

/**
 * Reads the store in a file, which no other process may have open.
 *
 * @throws {StoreError} `storeCorrupted`; `storeUnavailable` if there is none, or another process has it.
 */
export async function readSqliteStore<T>(
  file: string,
  work: (snapshot: StoreSnapshot) => Promise<T>,
): Promise<T> {
  const database = openStoreFileToRead(file, await sqliteDriver())
  try {
    return await work(snapshotOf(database, file))
  } finally {
    closeDatabase(database)
  }
}

/**
 * Makes the file of a store if there is none, and requires that it is of this version. There was no other version yet.
 *
 * @throws {StoreError} `storeCorrupted`, `storeUnavailable`
 */
export async function migrateSqliteStore(
  file: string,
  isDryRun: boolean,
): Promise<{ readonly before: number; readonly after: number }> {
  const open = await sqliteDriver()
  const before = isStoreFile(file) ? SCHEMA_VERSION : 0
  if (!isDryRun) makeStoreFile(file, open)
  if (before > 0 || !isDryRun) closeDatabase(openStoreFileToRead(file, open))
  return { before, after: SCHEMA_VERSION }
}

/** The last change of each key that is no deletion. The index has the keys in order. */
const OBJECTS = `
  FROM change c INDEXED BY change_of_key
  WHERE c.key >= ?1 AND c.key < ?2 AND c.key <> ?3 AND c.type <> ${DELETED} AND NOT EXISTS (
    SELECT 1 FROM change l INDEXED BY change_of_key WHERE l.key = c.key AND l.revision > c.revision
  )`

/** How many changes are not as they must be. */
const PROBLEMS: readonly (readonly [problem: string, sql: string])[] = [
  [
    'changes are newer than the revision of the store',
    'SELECT count(*) AS count FROM change c, state s WHERE c.revision > s.revision',
  ],
  [
    'changes are missing',
    'SELECT s.revision - s.compacted - (SELECT count(*) FROM change c WHERE c.revision > s.compacted) AS count FROM state s',
  ],
  [
    'changes have a revision of creation that cannot be theirs',
    'SELECT count(*) AS count FROM change WHERE created < 1 OR created > revision OR (type = 0) <> (created = revision)',
  ],
]

function snapshotOf(database: SqlDatabase, file: string): StoreSnapshot {
  const first = (sql: string, ...parameters: readonly SqlValue[]): SqlRow =>
    attempt(file, () => database.prepare(sql).get(...parameters) ?? {})
  const numberIn = (row: SqlRow, name: string): number => {
    const { [name]: value } = row
    if (typeof value !== 'number') throw corrupted(file)
    return value
  }
  const state = first('SELECT revision, compacted FROM state')
  return {
    engine: 'SQLite',
    schemaVersion: SCHEMA_VERSION,
    revision: numberIn(state, 'revision'),
    compactedRevision: numberIn(state, 'compacted'),
    count: (prefix) =>
      Promise.resolve(
        numberIn(first(`SELECT count(*) AS count ${OBJECTS}`, prefix, rangeEnd(prefix), ''), 'count'),
      ),
    objects: (prefix) =>
      inParts((after = '') => {
        const sql = `SELECT ${COLUMNS} ${OBJECTS} ORDER BY c.key LIMIT ${SNAPSHOT_PAGE}`
        const from = after === '' ? prefix : after
        const rows = attempt(file, () => database.prepare(sql).all(from, rangeEnd(prefix), after))
        return Promise.resolve(rows.map((row) => foundIn(row, file)))
      }),
    historyProblems: () =>
      Promise.resolve(
        PROBLEMS.flatMap(([problem, sql]) => {
          const count = numberIn(first(sql), 'count')
          return count === 0 ? [] : [`${count} ${problem}`]
        }),
      ),
  }
}

function foundIn(row: SqlRow, file: string): FoundObject {
  const change = readChange(row)
  if (change !== undefined) return objectOf(change)
  const { key } = row
  if (typeof key !== 'string') throw corrupted(file)
  return { key, problem: 'the value is not the one that was written: its checksum is another' }
}
