import { PGlite, types } from '@electric-sql/pglite'
import type { PostgresClient, PostgresPool } from '../src/postgres/database.ts'

/** A PostgreSQL in this process, in memory, and a pool of connections to it. */
export interface EmbeddedPostgres {
  readonly pool: PostgresPool
  sql(text: string): Promise<readonly unknown[]>
  /** Runs statements in one transaction. Resolves to the rows of the last one. */
  transaction(statements: readonly string[]): Promise<readonly unknown[]>
  close(): Promise<void>
}

/**
 * It has one session, so that the connections take turns: each has it for one statement, or from its `BEGIN` to its `COMMIT`. What two transactions do at the same time is
 * therefore not seen here; `test/interop` has a server for that.
 */
export async function embeddedPostgres(): Promise<EmbeddedPostgres> {
  const text = (value: string): string => value
  // The driver has these as strings too.
  const database = await PGlite.create({ parsers: { [types.INT8]: text, [types.NUMERIC]: text } })
  let turn = Promise.resolve()

  /** Resolves when the session is free, to a function that frees it again. */
  const taken = async (): Promise<() => void> => {
    const before = turn
    let free = (): void => undefined
    turn = new Promise((resolve) => (free = resolve))
    await before
    return free
  }

  const connect = (): PostgresClient => {
    let free: (() => void) | undefined
    let stopListening: (() => Promise<void>) | undefined
    let onNotification: (message: unknown) => void = () => undefined

    const run = async (
      statement: string,
      values: unknown[],
    ): Promise<{ readonly rows: readonly unknown[] }> => {
      const channel = /^LISTEN (.*)$/.exec(statement)?.[1]
      if (channel !== undefined) {
        stopListening = await database.listen(channel, (payload) => onNotification({ payload }))
        return { rows: [] }
      }
      if (values.length > 0) return database.query(statement, values)
      return (await database.exec(statement)).at(-1) ?? { rows: [] }
    }

    return {
      async query(statement, values = []) {
        const isBegin = statement.startsWith('BEGIN')
        const isInTransaction = free !== undefined
        const mine = free ?? (await taken())
        if (isBegin) free = mine
        try {
          return await run(statement, values)
        } finally {
          if (statement === 'COMMIT') free = undefined
          if (!isBegin && (!isInTransaction || statement === 'COMMIT')) mine()
        }
      },
      on(event, listener) {
        if (event === 'notification') onNotification = listener
      },
      release(isBroken = false) {
        stopListening?.().catch(() => undefined)
        if (free === undefined) return
        // The next user of the connection would be in the transaction.
        if (!isBroken) throw new Error('a connection is released in the middle of a transaction')
        // The transaction of a connection that is closed is rolled back.
        const mine = free
        free = undefined
        database
          .exec('ROLLBACK')
          .finally(mine)
          .catch(() => undefined)
      },
    }
  }

  return {
    pool: { connect: () => Promise.resolve(connect()) },
    sql: async (statement) => (await connect().query(statement)).rows,
    async transaction(statements) {
      const client = connect()
      await client.query('BEGIN')
      let rows: readonly unknown[] = []
      for (const statement of statements) ({ rows } = await client.query(statement))
      await client.query('COMMIT')
      return rows
    },
    close: () => database.close(),
  }
}
