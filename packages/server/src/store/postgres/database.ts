import { systemClock } from '@kube-authn/core/internal'
import { StoreError } from '../store-error.ts'
import { postgresFailure } from './failure.ts'

/** A row of a result, by the names of its columns. */
export type Row = Readonly<Record<string, unknown>>

/** What is used of a client of `pg`. */
export interface PostgresClient {
  query(text: string, values?: unknown[]): Promise<{ readonly rows: readonly unknown[] }>
  on(event: 'notification' | 'error' | 'end', listener: () => void): unknown
  /** @param isBroken whether its connection is closed. */
  release(isBroken?: boolean): void
}

/** What is used of a `Pool` of `pg`. */
export interface PostgresPool {
  connect(): Promise<PostgresClient>
}

/** Runs one statement. */
export type Query = (text: string, values?: readonly unknown[]) => Promise<readonly Row[]>

/** Runs statements. Every function rejects with a {@link StoreError}. */
export interface Database {
  /** Runs one statement, which is a transaction of its own. */
  query: Query
  /** Runs statements as one transaction. */
  transaction(work: (query: Query) => Promise<void>): Promise<void>
  /** Runs statements that see the database as it was at the first of them, and cannot write. */
  snapshot<T>(work: (query: Query) => Promise<T>): Promise<T>
  /** A connection of one's own, until it is released. */
  client(): Promise<PostgresClient>
  close(): Promise<void>
}

/** How a database is reached. */
export interface DatabaseOptions {
  readonly pool: PostgresPool
  /** Ends the pool, if it is the store's own. */
  readonly end: () => Promise<void>
  readonly timeoutMs: number
}

/** Statements over a pool, each with a deadline. A connection whose statement failed is not used again: what it does is not known. */
export function database({ pool, end, timeoutMs }: DatabaseOptions): Database {
  const seen = new WeakSet<PostgresClient>()
  /** A pool listens for errors of idle clients only, and one that nothing listens for ends the process. The statement fails by itself. */
  const watched = (connected: PostgresClient): PostgresClient => {
    if (!seen.has(connected)) connected.on('error', () => undefined)
    seen.add(connected)
    return connected
  }

  const client = async (): Promise<PostgresClient> => {
    let connecting: Promise<PostgresClient> | undefined
    try {
      connecting = pool.connect()
      return watched(await inTime(connecting, timeoutMs))
    } catch (thrown) {
      // It may still come.
      connecting?.then(
        (late) => late.release(),
        () => undefined,
      )
      throw postgresFailure(thrown)
    }
  }

  const using = async <T>(work: (query: Query) => Promise<T>): Promise<T> => {
    const used = await client()
    try {
      const result = await work(async (text, values = []) => {
        const { rows } = await inTime(used.query(text, [...values]), timeoutMs).catch(refuse)
        return rows.filter(isRow)
      })
      used.release()
      return result
    } catch (thrown) {
      used.release(true)
      throw thrown
    }
  }

  return {
    client,
    query: (text, values) => using((query) => query(text, values)),
    transaction: (work) =>
      using(async (query) => {
        await query('BEGIN ISOLATION LEVEL READ COMMITTED')
        await work(query)
        await query('COMMIT')
      }),
    snapshot: (work) =>
      using(async (query) => {
        await query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY')
        const result = await work(query)
        await query('COMMIT')
        return result
      }),
    close: end,
  }
}

function refuse(thrown: unknown): never {
  throw postgresFailure(thrown)
}

function isRow(value: unknown): value is Row {
  return typeof value === 'object' && value !== null
}

function inTime<T>(work: Promise<T>, timeoutMs: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const cancel = systemClock.after(timeoutMs, () => {
      reject(new StoreError('storeUnavailable', `PostgreSQL did not answer within ${timeoutMs} ms`))
    })
    work.then(resolve, reject).finally(cancel)
  })
}
