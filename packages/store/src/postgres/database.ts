import type { Clock } from '@kube-authn/core'
import { memberOf, systemClock } from '@kube-authn/core/internal'
import type { HistoryLimit } from '../local/history.ts'
import type { StoreStatus } from '../object-store.ts'
import { StoreError } from '../store-error.ts'
import { postgresFailure } from './failure.ts'

/** A row of a result, by the names of its columns. */
export type Row = Readonly<Record<string, unknown>>

/** What is used of a client of `pg`. */
export interface PostgresClient {
  query(text: string, values?: unknown[]): Promise<{ readonly rows: readonly unknown[] }>
  on(event: 'notification' | 'error' | 'end', listener: (message?: unknown) => void): unknown
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
  /** Runs one statement that only reads. The server ends it too if it takes too long. */
  read: Query
  transaction(work: (query: Query) => Promise<void>): Promise<void>
  /** Runs statements that see the database as it was at the first of them, and cannot write. */
  snapshot<T>(work: (query: Query) => Promise<T>): Promise<T>
  /** A connection of one's own, until it is released. */
  client(): Promise<PostgresClient>
  /** Runs one statement on such a connection. */
  run(client: PostgresClient, text: string): Promise<void>
  /** Those of the pool, if it says. */
  connections(this: void): StoreStatus['connections']
  close(): Promise<void>
}

export interface DatabaseOptions {
  readonly pool: PostgresPool
  /** Ends the pool, if it is the store's own. */
  readonly end: () => Promise<void>
  /** Releases a connection whose statement was not answered in time. */
  readonly cutOff: (client: PostgresClient) => void
  readonly timeoutMs: number
}

export interface PostgresStoreOptions {
  readonly database: Database
  readonly schema: string
  /** Of its tables, when it was opened. */
  readonly schemaVersion: number
  readonly clock: Clock
  /** The time that counts, instead of that of the database. */
  readonly now: () => number | null
  /** Milliseconds since some time in the past, which never go back. */
  readonly elapsedMs: () => number
  readonly history: HistoryLimit
  readonly listens: boolean
  /** How often the database is asked although nothing was heard. */
  readonly pollMs: number
  /** How long a write waits for those of other processes. */
  readonly waitMs: number
}

/** The server ends a statement sooner than its client goes away, so that as a rule the client is told. */
const SERVER_SHARE = 0.9

/** For how long the server lets a statement run whose client waits so long. */
export function statementTimeoutMs(timeoutMs: number): number {
  return Math.ceil(timeoutMs * SERVER_SHARE)
}

/** Statements over a pool, each with a deadline. A connection whose statement failed is not used again: what it does is not known. */
export function database({ pool, end, cutOff, timeoutMs }: DatabaseOptions): Database {
  const connect = connections(pool, timeoutMs)
  /** Whether statements of the pool end at the server by themselves. */
  let isLimited: Promise<boolean> | undefined

  const run = async (used: PostgresClient, text: string): Promise<void> => {
    await inTime(used.query(text), timeoutMs)
  }

  const using = async <T>(work: (query: Query, used: PostgresClient) => Promise<T>): Promise<T> => {
    const used = await connect()
    try {
      const result = await work(async (text, values = []) => {
        const { rows } = await inTime(used.query(text, [...values]), timeoutMs)
        return rows.filter(isRow)
      }, used)
      used.release()
      return result
    } catch (thrown) {
      if (thrown instanceof Unanswered) cutOff(used)
      else used.release(true)
      throw postgresFailure(thrown)
    }
  }

  const query: Query = (text, values) => using((ask) => ask(text, values))

  /** A setting of the session would stay with a connection that others use after it. */
  const inTransaction = <T>(mode: string, work: (query: Query) => Promise<T>): Promise<T> =>
    using(async (ask, used) => {
      await run(used, `BEGIN ${mode}; SET LOCAL statement_timeout = ${statementTimeoutMs(timeoutMs)}`)
      const result = await work(ask)
      await run(used, 'COMMIT')
      return result
    })

  const askWhetherLimited = async (): Promise<boolean> => {
    try {
      const [row] = await query("SELECT current_setting('statement_timeout') <> '0' AS limited")
      return row?.['limited'] === true
    } catch (thrown) {
      isLimited = undefined
      throw thrown
    }
  }

  return {
    client: connect,
    query,
    async read(text, values) {
      isLimited ??= askWhetherLimited()
      return (await isLimited) ? query(text, values) : inTransaction('READ ONLY', (ask) => ask(text, values))
    },
    transaction: (work) => inTransaction('ISOLATION LEVEL READ COMMITTED', work),
    snapshot: (work) => inTransaction('ISOLATION LEVEL REPEATABLE READ READ ONLY', work),
    run: (client, text) =>
      run(client, text).catch((thrown: unknown) => {
        throw postgresFailure(thrown)
      }),
    connections: () => connectionsOf(pool),
    close: end,
  }
}

/** A pool of `pg` counts them. Of another one they are not known. */
function connectionsOf(pool: PostgresPool): StoreStatus['connections'] {
  const limit = memberOf(memberOf(pool, 'options'), 'max')
  const [open, idle, waiting] = ['totalCount', 'idleCount', 'waitingCount'].map((name) =>
    memberOf(pool, name),
  )
  if (typeof limit !== 'number' || typeof open !== 'number') return undefined
  if (typeof idle !== 'number' || typeof waiting !== 'number') return undefined
  return { used: open - idle, idle, waiting, limit }
}

/** Connections of a pool, each in time. @throws {StoreError} */
function connections(pool: PostgresPool, timeoutMs: number): () => Promise<PostgresClient> {
  const seen = new WeakSet<PostgresClient>()
  /** A pool listens for errors of idle clients only, and one that nothing listens for ends the process. The statement fails by itself. */
  const watched = (connected: PostgresClient): PostgresClient => {
    if (!seen.has(connected)) connected.on('error', () => undefined)
    seen.add(connected)
    return connected
  }

  return async () => {
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
}

function isRow(value: unknown): value is Row {
  return typeof value === 'object' && value !== null
}

function inTime<T>(work: Promise<T>, timeoutMs: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const cancel = systemClock.after(timeoutMs, () => {
      reject(new Unanswered('storeUnavailable', `PostgreSQL did not answer within ${timeoutMs} ms`))
    })
    work.then(resolve, reject).finally(cancel)
  })
}

class Unanswered extends StoreError {}
