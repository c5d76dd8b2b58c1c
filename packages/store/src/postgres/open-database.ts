import type { ConfigurationProblem } from '@kube-authn/core'
import {
  type AnyShape,
  memberOf,
  must,
  optionProblems,
  refuseProblems,
  withFurtherProblems,
  withMethods,
} from '@kube-authn/core/internal'
import { above, type OptionsShape } from '@kube-authn/core/adapter'
import { type Database, database, type PostgresClient, type PostgresPool } from './database.ts'
import { ownPool } from './own-pool.ts'

/** Options of `migratePostgresStore`: which database. */
export interface PostgresDatabaseOptions {
  /** A `Pool` of `pg`, which you end after the store was closed. It needs a listener for `error`, and at least 3 connections. */
  readonly pool?: PostgresPool
  /** `postgres://user@host:port/database`, instead of a pool. The password is read from `PGPASSWORD` or `PGPASSFILE` if it has none. */
  readonly connectionString?: string
  /** The schema with the tables: one store. Default `kube_authn`. */
  readonly schema?: string
  /** How long a connection and a statement may take. Default 10. */
  readonly timeoutSeconds?: number
}

export const databaseShape: OptionsShape<PostgresDatabaseOptions> = {
  pool: withMethods('pool', 'connect'),
  connectionString: must(
    'must be a URL that begins with postgres://',
    (value) => typeof value === 'string' && /^postgres(?:ql)?:\/\//.test(value) && URL.canParse(value),
  ),
  // One that needs no quotes, with at most 63 bytes, and not one of PostgreSQL itself.
  schema: must(
    'must be a name of lower-case letters, digits and _, with at most 63 characters',
    (value) => typeof value === 'string' && /^(?!pg_)[a-z_][a-z\d_]{0,62}$/.test(value),
  ),
  timeoutSeconds: above(0, 86_400),
}

/** The schema with the tables, unless another is named. */
export const SCHEMA = 'kube_authn'
/** How long a connection and a statement may take, unless it is said. */
export const TIMEOUT_SECONDS = 10

/**
 * The database that the options name.
 *
 * @param isSession whether each connection has a session of the server, and keeps it.
 * @throws {StoreError} `storeUnavailable` if the package `pg` is not installed.
 */
export async function openDatabase(
  { pool, connectionString = '', timeoutSeconds = TIMEOUT_SECONDS }: PostgresDatabaseOptions,
  isSession = false,
): Promise<Database> {
  const timeoutMs = timeoutSeconds * 1000
  const used =
    pool === undefined
      ? await ownPool(connectionString, timeoutMs, isSession)
      : { pool, end: () => Promise.resolve(), cutOff: (client: PostgresClient) => client.release(true) }
  return database({ ...used, timeoutMs })
}

/** Does something with the database that the options name. @throws {ConfigurationError} if an option is invalid. @throws {StoreError} */
export async function withDatabase<T>(
  options: PostgresDatabaseOptions,
  work: (opened: Database, schema: string) => Promise<T>,
): Promise<T> {
  refuseOptions(databaseShape, options)
  const opened = await openDatabase(options)
  try {
    return await work(opened, options.schema ?? SCHEMA)
  } finally {
    await opened.close()
  }
}

/** @throws {ConfigurationError} if an option is invalid. */
export function refuseOptions(checks: AnyShape, options: PostgresDatabaseOptions | undefined): void {
  refuseProblems(withFurtherProblems(optionProblems(checks, options), options ?? {}, databaseProblems))
}

function databaseProblems({
  pool,
  connectionString,
}: PostgresDatabaseOptions): readonly ConfigurationProblem[] {
  if (pool === undefined && connectionString !== undefined) {
    const message = sslModeProblem(new URL(connectionString))
    return message === undefined ? [] : [{ path: 'connectionString', message }]
  }
  if (connectionString === undefined && pool !== undefined) return poolProblems(pool)
  const message = pool === undefined ? 'must be given, or a pool' : 'must not be given together with a pool'
  return [{ path: 'connectionString', message }]
}

/** One connection listens, one reads for watches, and one writes. */
const FEWEST_CONNECTIONS = 3

/** A pool of `pg` says in `options.max` how many connections it has. Of another one this is not known. */
function poolProblems(pool: PostgresPool): readonly ConfigurationProblem[] {
  const max = memberOf(memberOf(pool, 'options'), 'max')
  if (typeof max !== 'number' || max >= FEWEST_CONNECTIONS) return []
  const message = `must have at least ${FEWEST_CONNECTIONS} connections: its option max is ${max}`
  return [{ path: 'pool', message }]
}

/** Those of the driver. It takes any other one, and also `prefer`, for `verify-full`. */
const SSL_MODES: ReadonlySet<string | null> = new Set([
  'disable',
  'no-verify',
  'prefer',
  'require',
  'verify-ca',
  'verify-full',
  null,
])

/** What is wrong with `sslmode` in the URL of a PostgreSQL; `undefined` if nothing is. */
export function sslModeProblem({ searchParams }: URL): string | undefined {
  return SSL_MODES.has(searchParams.get('sslmode'))
    ? undefined
    : 'must have an sslmode that exists: verify-full, or disable if the network is trusted'
}
