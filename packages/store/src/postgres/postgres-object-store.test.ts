import { fixedClock } from '@kube-authn/testing'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { type EmbeddedPostgres, embeddedPostgres } from '../../test/embedded-postgres.ts'
import { storeContract } from '../../test/store-contract.ts'
import { migratePostgresStore, postgresObjectStore } from './postgres-object-store.ts'

describe('a store in PostgreSQL', () => {
  let postgres: EmbeddedPostgres
  let count = 0
  /** Schemas that no test uses any more. */
  const free: string[] = []
  beforeAll(async () => {
    postgres = await embeddedPostgres()
  })
  afterAll(() => postgres.close())

  const emptySchema = async (): Promise<string> => {
    const used = free.pop()
    if (used !== undefined) {
      await postgres.sql(`TRUNCATE ${used}.object, ${used}.change`)
      await postgres.sql(`UPDATE ${used}.store SET revision = 0, compacted = 0, length = 0`)
      return used
    }
    const schema = `contract_${count++}`
    await migratePostgresStore({ pool: postgres.pool, schema })
    return schema
  }

  storeContract(
    async (options) => {
      const schema = await emptySchema()
      const reopen = () => postgresObjectStore({ pool: postgres.pool, schema, ...options })
      const dispose = () => Promise.resolve(void free.push(schema))
      return { store: await reopen(), reopen, dispose }
    },
    { isDurable: true, many: 2000 },
  )

  it('asks twice a second for what others wrote, if it does not listen', async () => {
    const schema = await emptySchema()
    const clock = fixedClock()
    const options = { pool: postgres.pool, schema, clock }
    const writing = await postgresObjectStore(options)
    const polling = await postgresObjectStore({ ...options, listen: false })
    const stopping = new AbortController()
    const seen: string[] = []
    const watching = (async () => {
      for await (const event of polling.watch('/', { since: 0, signal: stopping.signal }))
        if (event.type !== 'progress') seen.push(event.key)
    })()
    // Whatever it has begun to ask is answered before these.
    const settled = async (): Promise<void> => {
      for (let turn = 0; turn < 5; turn++) await polling.get('/none')
    }
    for (const key of ['/a', '/b']) {
      await settled()
      await writing.create(key, '1')
      await clock.advanceAsync(499)
      await settled()
      expect(seen).not.toContain(key)
      await clock.advanceAsync(1)
      await vi.waitFor(() => expect(seen).toContain(key))
    }
    stopping.abort()
    await watching
    await Promise.all([writing.close(), polling.close()])
    free.push(schema)
  })

  // With one session two transactions cannot meet here, but what the first would hold can be seen.
  it.each([
    [
      'writes',
      `write('{deleted}', '{/none}', '{null}', '{null}', '{null}', '{null}', '{null}', '{null}', 0, 1, 1000)`,
    ],
    ['forgets', 'compact(1, 1000)'],
  ])('is locked by a process that %s, before it looks at anything', async (_, call) => {
    const schema = await emptySchema()
    const locks = await postgres.transaction([
      `SELECT * FROM ${schema}.${call}`,
      `SELECT mode FROM pg_locks WHERE relation = '${schema}.store'::regclass ORDER BY mode`,
    ])
    // Without it, reading takes an AccessShareLock.
    expect(locks).toEqual([{ mode: 'RowShareLock' }])
    free.push(schema)
  })
})
