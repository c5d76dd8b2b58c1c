import type { SqlDatabase } from './driver.ts'
import { StoreError } from '../store-error.ts'
import { corrupted, foreign } from './failure.ts'

/** `kaut` in ASCII: what the file is of, for `file(1)` and for us. */
const APPLICATION_ID = 0x6b617574
export const SCHEMA_VERSION = 1

/**
 * One table with every remembered change: the last one of each key is what it is now. `state` keeps the last revision, which a compaction may remove from
 * the table, and the last compaction.
 */
const TABLES = `
  CREATE TABLE change (
    revision INTEGER PRIMARY KEY,
    key TEXT NOT NULL,
    type INTEGER NOT NULL,
    created INTEGER NOT NULL,
    expires INTEGER,
    value TEXT NOT NULL,
    checksum INTEGER NOT NULL
  ) STRICT;
  CREATE UNIQUE INDEX change_of_key ON change (key, revision);
  CREATE INDEX change_that_expires ON change (expires) WHERE expires IS NOT NULL;
  CREATE TABLE state (id INTEGER PRIMARY KEY CHECK (id = 0), revision INTEGER NOT NULL, compacted INTEGER NOT NULL) STRICT;
  INSERT INTO state VALUES (0, 0, 0);
`

/** How much of the file is kept in memory at most, in KiB: enough for 100,000 objects of a usual size, so that one is found about as fast as among ten. */
const CACHE_KIB = 65_536

/** Makes an empty store in an empty database. */
export function createSchema(database: SqlDatabase): void {
  database.exec(`
    BEGIN;
    ${TABLES}
    PRAGMA application_id = ${APPLICATION_ID};
    PRAGMA user_version = ${SCHEMA_VERSION};
    COMMIT;
  `)
}

/** Takes the file for this process alone; the index of the log is then kept in memory. Nothing is written. */
export function lock(database: SqlDatabase): void {
  set(database, [
    'locking_mode = EXCLUSIVE',
    'cell_size_check = ON',
    'trusted_schema = OFF',
    `cache_size = -${CACHE_KIB}`,
  ])
}

/** From now on nothing can be written, also by mistake. */
export function forbidWrites(database: SqlDatabase): void {
  set(database, ['query_only = ON'])
}

/** Settings for writing: each commit waits until the disk has it, so that a loss of power too loses nothing that was acknowledged. */
export function prepareToWrite(database: SqlDatabase): void {
  set(database, [
    'journal_mode = WAL',
    'synchronous = FULL',
    'fullfsync = ON',
    'checkpoint_fullfsync = ON',
    `journal_size_limit = ${64 * 1024 * 1024}`,
  ])
}

/**
 * Writes the log into the file and gives the file free, before it is closed: a driver may keep it open until statements are collected as garbage. Afterwards the
 * file is complete without its log.
 */
export function release(database: SqlDatabase): void {
  // The lock is given up by the next read.
  set(database, ['query_only = OFF', 'journal_mode = DELETE', 'locking_mode = NORMAL', 'user_version'])
}

function set(database: SqlDatabase, settings: readonly string[]): void {
  for (const setting of settings) database.prepare(`PRAGMA ${setting}`).all()
}

/**
 * Requires that the file is a whole store of a known version. It is read once for that.
 *
 * @throws {StoreError} `storeCorrupted`; `storeUnavailable` if a newer program made it.
 */
export function checkSchema(database: SqlDatabase, file: string): void {
  const read = (name: string): unknown => database.prepare(`PRAGMA ${name}`).get()?.[name]
  if (read('application_id') !== APPLICATION_ID) throw foreign(file, 'another program made it')
  const version = read('user_version')
  if (typeof version === 'number' && version > SCHEMA_VERSION) {
    throw new StoreError(
      'storeUnavailable',
      `a newer version of kube-authn made the store ${file}: use that version, or a later one`,
    )
  }
  if (version !== SCHEMA_VERSION) throw foreign(file, 'it has no version of kube-authn')
  if (read('quick_check') !== 'ok') throw corrupted(file)
}
