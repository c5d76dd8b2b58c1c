import type { Pool } from 'pg'
import { StoreError } from '../store-error.ts'
import type { PostgresPool } from './database.ts'

/** A pool that the store ends when it is closed. */
export interface OwnPool {
  readonly pool: PostgresPool
  readonly end: () => Promise<void>
}

/**
 * A pool of connections, which are made when they are needed.
 *
 * @throws {StoreError} `storeUnavailable` if the package `pg` is not installed.
 */
export async function ownPool(connectionString: string, timeoutMs: number): Promise<OwnPool> {
  const PoolOfDriver = await poolClass()
  const pool = new PoolOfDriver({ connectionString, connectionTimeoutMillis: timeoutMs, keepAlive: true })
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
