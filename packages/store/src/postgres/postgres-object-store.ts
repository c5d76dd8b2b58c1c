import type { Clock } from '@kube-authn/core'
import { aClock, elapsedTimeOf, systemClock } from '@kube-authn/core/internal'
import { aBoolean, above, type OptionsShape } from '@kube-authn/core/adapter'
import { historyLimitOf, type HistoryOptions, historyShape } from '../local/history.ts'
import type { ObjectStore } from '../object-store.ts'
import { migrate, requireMigrated } from './migration.ts'
import {
  databaseShape,
  openDatabase,
  type PostgresDatabaseOptions,
  refuseOptions,
  SCHEMA,
  TIMEOUT_SECONDS,
  withDatabase,
} from './open-database.ts'
import { postgresStore } from './postgres-store.ts'

/** Options of {@link postgresObjectStore}. */
export interface PostgresObjectStoreOptions extends PostgresDatabaseOptions, HistoryOptions {
  /**
   * Whether one connection hears of the writes of other processes (`LISTEN`). Without it, as behind a pgbouncer that pools transactions, they are found every
   * `pollSeconds`. Default true.
   */
  readonly listen?: boolean
  /** How often changes of other processes are asked for while nothing is heard. Default 0.5. */
  readonly pollSeconds?: number
  /** Says when objects expire; all processes must have the same time. Default: the clock of the database. */
  readonly clock?: Clock
}

const shape: OptionsShape<PostgresObjectStoreOptions> = {
  ...databaseShape,
  ...historyShape,
  listen: aBoolean,
  pollSeconds: above(0, 86_400),
  clock: aClock,
}

/** How much earlier than the deadline of its statement a write gives up waiting for others. */
const WAIT_SHARE = 0.8

/**
 * A store in PostgreSQL 12 or newer, for any number of processes. What was acknowledged is committed. Each process keeps the last changes in memory, and hands them to its watchers.
 *
 * It needs the package `pg`. The tables must be there: see {@link migratePostgresStore}.
 *
 * @throws {ConfigurationError} if an option is invalid.
 * @throws {StoreError} `storeUnavailable` if the database cannot be reached, or has no store of this version or the next one.
 * @example
 * const store = await postgresObjectStore({ connectionString: 'postgres://kube_authn@db.example.com/auth?sslmode=verify-full' })
 */
export async function postgresObjectStore(options: PostgresObjectStoreOptions): Promise<ObjectStore> {
  refuseOptions(shape, options)
  const { clock, schema = SCHEMA, timeoutSeconds = TIMEOUT_SECONDS } = options
  const { listen = true, pollSeconds = 0.5 } = options
  const database = await openDatabase(options, listen)
  try {
    const schemaVersion = await requireMigrated(database, schema)
    return await postgresStore({
      database,
      schema,
      schemaVersion,
      clock: clock ?? systemClock,
      now: () => clock?.now() ?? null,
      elapsedMs: elapsedTimeOf(clock),
      history: historyLimitOf(options),
      listens: listen,
      pollMs: pollSeconds * 1000,
      waitMs: Math.ceil(timeoutSeconds * 1000 * WAIT_SHARE),
    })
  } catch (thrown) {
    await database.close()
    throw thrown
  }
}

/**
 * Makes the tables of a store, or brings them to this version. Nothing changes if they have it or the next one, and then no privilege is needed but to read them. Several
 * processes may do it at the same time.
 *
 * @throws {ConfigurationError} if an option is invalid.
 * @throws {StoreError} `storeUnavailable` if the database cannot be reached, a privilege is missing, or the tables are newer than the version after this one.
 * @example
 * await migratePostgresStore({ connectionString: 'postgres://owner@db.example.com/auth?sslmode=verify-full' })
 */
export async function migratePostgresStore(options: PostgresDatabaseOptions): Promise<void> {
  await withDatabase(options, migrate)
}
