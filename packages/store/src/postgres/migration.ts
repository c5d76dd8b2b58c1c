import { StoreError } from '../store-error.ts'
import type { Database, Query } from './database.ts'
import { PostgresFailure } from './failure.ts'
import { optionalNumberIn } from './rows.ts'
import { migrations, NEWEST_USABLE_VERSION, quotedIdentifier, SCHEMA_VERSION } from './schema.ts'

/** Serializes migrations: `kaut` in ASCII. */
const LOCK = 0x6b617574

const LACKS_PRIVILEGE = '42501'

/**
 * Makes the tables and functions of a store, or brings them to the version of this program. Nothing is written if they have it, or the next one.
 *
 * @throws {StoreError} `storeUnavailable`, also if they are too new for this program.
 */
export async function migrate(database: Database, schema: string): Promise<void> {
  if ((await versionOf(database.query, schema)) >= SCHEMA_VERSION) return
  try {
    await makeVersion(database, schema)
  } catch (thrown) {
    if (!(thrown instanceof PostgresFailure && thrown.state === LACKS_PRIVILEGE)) throw thrown
    throw unusable(
      `the schema ${schema} has no store of this version, and this user lacks the privilege to make one (${LACKS_PRIVILEGE}): another one does so with kube-authn store migrate or migratePostgresStore`,
    )
  }
}

async function makeVersion(database: Database, schema: string): Promise<void> {
  await database.transaction(async (query) => {
    await query('SELECT pg_advisory_xact_lock($1)', [LOCK])
    const version = await versionOf(query, schema)
    const s = quotedIdentifier(schema)
    if (version === 0) {
      const [found] = await query('SELECT 1 AS found FROM pg_namespace WHERE nspname = $1', [schema])
      if (found === undefined) await query(`CREATE SCHEMA ${s}`)
      await query(
        `CREATE TABLE ${s}.migration (version integer PRIMARY KEY, migrated timestamptz NOT NULL DEFAULT now())`,
      )
    }
    for (const [index, steps] of migrations(schema).entries()) {
      if (index < version) continue
      for (const step of steps) await query(step)
      await query(`INSERT INTO ${s}.migration (version) VALUES ($1)`, [index + 1])
    }
  })
}

/** @returns the version of the store. @throws {StoreError} `storeUnavailable` unless that is this version, or the next one. */
export async function requireMigrated(database: Database, schema: string): Promise<number> {
  const version = await versionOf(database.query, schema)
  if (version >= SCHEMA_VERSION) return version
  throw new StoreError(
    'storeUnavailable',
    `the schema ${schema} has no store of this version: migratePostgresStore or kube-authn store migrate makes one`,
  )
}

/** 0 if there is no store. @throws {StoreError} `storeUnavailable` if there cannot be one, or it is newer than this program can use. */
export async function versionOf(query: Query, schema: string): Promise<number> {
  // Not `to_regclass`: it may remember that there was no schema when the transaction began to wait.
  const [server] = await query(
    `SELECT current_setting('server_encoding') AS encoding, pg_is_in_recovery() AS standby, EXISTS (
      SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1 AND c.relname = 'migration'
    ) AS found`,
    [schema],
  )
  if (server?.['encoding'] !== 'UTF8') throw unusable('the encoding of the database must be UTF8')
  if (server['standby'] !== false) throw unusable('the server is a standby: connect to the primary')
  if (server['found'] !== true) return 0
  const [row] = await query(`SELECT max(version) AS version FROM ${quotedIdentifier(schema)}.migration`)
  const version = optionalNumberIn(row ?? {}, 'version') ?? 0
  if (version > NEWEST_USABLE_VERSION) {
    throw unusable(
      `a newer version of kube-authn made the store in ${schema}: it has schema version ${version}, and this program can use ${SCHEMA_VERSION} and ${NEWEST_USABLE_VERSION}`,
    )
  }
  return version
}

function unusable(why: string): StoreError {
  return new StoreError('storeUnavailable', `PostgreSQL cannot be used: ${why}`)
}
