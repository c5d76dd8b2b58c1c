import type { Pool } from 'pg'
import { StoreError } from '../store-error.ts'
import { type PostgresPool, statementTimeoutMs } from './database.ts'

/** A pool that the store ends when it is closed. */
export interface OwnPool {
  readonly pool: PostgresPool
  readonly end: () => Promise<void>
}

/** Options of {@link ownPool}. */
export interface OwnPoolOptions {
  readonly connectionString: string
  readonly timeoutMs: number
  /** Each connection has a session of the server, and keeps it. */
  readonly isSession: boolean
}

/** How long a connection is idle before it is asked whether it is still there. Firewalls forget it after minutes. */
const KEEP_ALIVE_MS = 10_000

/**
 * A pool of connections, which are made when they are needed.
 *
 * @throws {StoreError} `storeUnavailable` if the package `pg` is not installed.
 */
export async function ownPool({ connectionString, timeoutMs, isSession }: OwnPoolOptions): Promise<OwnPool> {
  const PoolOfDriver = await poolClass()
  const pool = new PoolOfDriver({
    connectionString,
    connectionTimeoutMillis: timeoutMs,
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEP_ALIVE_MS,
    ...(isSession && { ['statement_timeout']: statementTimeoutMs(timeoutMs) }),
  })
  // A connection that nothing uses was lost: the pool makes another.
  pool.on('error', () => undefined)
  return { pool, end: () => pool.end() }
}

/** Loaded only for a store that has no pool yet. */
async function poolClass(): Promise<typeof Pool> {
  try {
    const driver = await import('pg')
    return driver.Pool
  } catch (cause) {
    throw new StoreError('storeUnavailable', 'PostgreSQL needs the package pg: npm install pg', cause)
  }
}
