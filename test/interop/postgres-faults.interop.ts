import type { ObjectStore } from '@kube-authn/store'
import { migratePostgresStore, postgresObjectStore } from '@kube-authn/store/postgres'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { has } from './components.ts'
import { openNetwork } from './network.ts'
import { type RunningPostgres, startPgbouncer, startPostgres } from './postgres.ts'
import { changesOf, openedStores, testReplicas } from './replicas-of-one-store.ts'
import { makeScratch } from './scratch.ts'
import { codeOf, startWatching } from './write-load.ts'

type Options = Omit<Parameters<typeof postgresObjectStore>[0], 'pool' | 'connectionString' | 'schema'>

/** A clock is ahead by more than an object lives, and no test takes as long. */
const HOUR_MS = 3_600_000
const LIFE_MS = 3_000_000

describe.runIf(has('postgres', 'setpriv'))('replicas over one PostgreSQL', () => {
  const scratch = makeScratch()
  let server: RunningPostgres
  let admin: pg.Pool
  let schema: string
  let count = 0
  const stores = openedStores()

  beforeAll(async () => {
    server = await startPostgres(scratch)
    admin = new pg.Pool({ connectionString: server.url })
    admin.on('error', () => undefined)
  })
  beforeEach(async () => {
    schema = `faults_${count++}`
    await migratePostgresStore({ connectionString: server.url, schema })
  })
  afterEach(() => void vi.useRealTimers())
  afterAll(async () => {
    await admin.end()
    await server.close()
    scratch.remove()
  })

  const replica = async (options: Options = {}, connectionString = server.url): Promise<ObjectStore> =>
    stores.keep(await postgresObjectStore({ connectionString, schema, ...options }))

  testReplicas(() => replica(), { kill: () => server.kill(), start: () => server.start() })

  it.each([
    // It would ask too late.
    ['that listens', { pollSeconds: 3600 }],
    ['that only polls', { listen: false }],
  ])('see the writes of each other, in a watch %s', async (_, options) => {
    const writing = await replica()
    const watching = await replica(options)
    const events = changesOf(watching, 20, { since: 0 })
    let since = 0
    for (let index = 0; index < 20; index++) {
      const seen = changesOf(watching, 1, { since })
      const { revision } = await writing.create(`/${index}`, 'x')
      expect((await seen)[0]).toMatchObject({ key: `/${index}`, revision })
      since = revision
    }
    expect((await events).map(({ key }) => key)).toEqual(
      Array.from({ length: 20 }, (__, index) => `/${index}`),
    )
  })

  it('go on with a watch whose connections were dropped, without a gap', async () => {
    const writing = await replica()
    const watching = await replica()
    const events = changesOf(watching, 60, { since: 0 })
    for (let index = 0; index < 60; index++) {
      if (index % 20 === 10) {
        await admin.query(
          "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()",
        )
      }
      await vi.waitUntil(async () => (await codeOf(writing.create(`/${index}`, 'x'))) !== 'storeUnavailable')
    }
    expect((await events).map(({ key }) => key)).toEqual(
      Array.from({ length: 60 }, (_, index) => `/${index}`),
    )
  })

  it('go on with a watch under a compaction, and say when one has missed changes', async () => {
    const writing = await replica()
    const watching = await replica()
    let seen = 0
    const following = (async () => {
      for await (const { type } of watching.watch('/', { since: 0 })) {
        if (type !== 'progress') seen += 1
        if (seen === 40) return
      }
    })()
    const hasSeen = (least: number): Promise<void> =>
      vi.waitFor(() => expect(seen).toBeGreaterThanOrEqual(least))
    let revision = 0
    for (let index = 0; index < 40; index++) {
      ;({ revision } = await writing.create(`/${index}`, 'x'))
      if (index % 10 !== 5) continue
      // What a watch has not read yet must not be forgotten.
      await hasSeen(revision - 5)
      await writing.compact(revision - 5)
    }
    await following
    expect(seen).toBe(40)
    await writing.compact(revision)
    expect(await codeOf(changesOf(await replica(), 1, { since: revision - 1 }))).toBe('revisionCompacted')
    const last = changesOf(watching, 1, { since: revision })
    await writing.delete('/0')
    expect(await last).toMatchObject([{ type: 'deleted', key: '/0' }])
  })

  it('agree on expiry, also if the clock of one is an hour ahead, and delete once', async () => {
    const [fast, other] = [await replica(), await replica()]
    const told = startWatching(other)
    const begunMs = Date.now()
    vi.useFakeTimers({ toFake: ['Date'], now: begunMs + HOUR_MS })
    const lasting = await fast.create('/lasting', 'x', { ttlMs: LIFE_MS })
    await fast.create('/a', 'x', { ttlMs: 300 })
    vi.useRealTimers()
    expect(lasting.expiresAtMs! - begunMs).toBeGreaterThanOrEqual(LIFE_MS - 1)
    expect(lasting.expiresAtMs! - Date.now()).toBeLessThanOrEqual(LIFE_MS + 1)
    await changesOf(fast, 1, { since: lasting.revision - 1 })
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + HOUR_MS })
    expect(await fast.get('/lasting')).toEqual(lasting)
    expect((await fast.list('/lasting')).objects).toEqual([lasting])
    vi.useRealTimers()
    expect(await other.get('/lasting')).toEqual(lasting)
    // Had one deleted `/a` again, that would come before the end of `/b`.
    await told.reach(3)
    const { revision } = await fast.create('/b', 'x', { ttlMs: 300 })
    await told.reach(revision + 1)
    expect(told.changes.map(({ type, key, revision: at }) => [at, type, key])).toEqual([
      [1, 'created', '/lasting'],
      [2, 'created', '/a'],
      [3, 'deleted', '/a'],
      [4, 'created', '/b'],
      [5, 'deleted', '/b'],
    ])
    await told.stop()
  })

  it('fail within the deadline while another session holds the lock, and heal', async () => {
    const store = await replica({ timeoutSeconds: 0.5 })
    const holder = await admin.connect()
    await holder.query('BEGIN')
    await holder.query(`SELECT * FROM ${schema}.store FOR UPDATE`)
    expect(await codeOf(store.create('/a', 'x'))).toBe('storeUnavailable')
    expect((await store.list('/')).objects).toEqual([])
    await holder.query('ROLLBACK')
    holder.release()
    expect((await store.create('/a', 'x')).revision).toBe(1)
  })

  it('fail within the deadline while the network is silent, tell of no progress, and heal', async () => {
    const network = await openNetwork(server.port)
    try {
      const store = await replica(
        { timeoutSeconds: 0.5, pollSeconds: 0.1 },
        `postgres://postgres@127.0.0.1:${network.port}/postgres`,
      )
      const iterator = store.watch('/', { progressMs: 50 })[Symbol.asyncIterator]()
      expect((await iterator.next()).value).toMatchObject({ type: 'progress' })
      network.drop()
      expect(await codeOf(store.get('/a'))).toBe('storeUnavailable')
      expect(await codeOf(store.create('/a', 'x'))).toBe('storeUnavailable')
      // What was told before the first poll failed.
      let silent = iterator.next()
      const fails = async (): Promise<string> => `fails: ${String(await codeOf(store.get('/a')))}`
      while ((await Promise.race([silent, fails()])) !== 'fails: storeUnavailable') silent = iterator.next()
      network.mend()
      await vi.waitFor(() => store.get('/b'))
      expect((await silent).value).toBeDefined()
      await iterator.return!()
    } finally {
      await network.close()
    }
  })

  it.runIf(has('pgbouncer'))('work behind a pgbouncer that pools transactions', async () => {
    const bouncer = await startPgbouncer(scratch, server)
    try {
      await migratePostgresStore({ connectionString: bouncer.url, schema: 'bounced' })
      const where = { connectionString: bouncer.url, schema: 'bounced', listen: false, pollSeconds: 0.1 }
      const both = [
        stores.keep(await postgresObjectStore(where)),
        stores.keep(await postgresObjectStore(where)),
      ] as const
      const events = changesOf(both[1], 200, { since: 0 })
      await Promise.all(
        Array.from({ length: 200 }, (_, index) =>
          both[index % 2]!.create(`/${index}`, 'x', { ttlMs: 60_000 }),
        ),
      )
      expect((await events).map(({ revision }) => revision)).toEqual(
        Array.from({ length: 200 }, (_, index) => index + 1),
      )
      expect((await both[0].list('/')).objects).toHaveLength(200)
    } finally {
      await stores.close()
      await bouncer.close()
    }
  })

  it('begin anew when the database is another one', async () => {
    const store = await replica()
    for (let index = 0; index < 5; index++) await store.create(`/${index}`, 'x')
    const told = startWatching(store)
    await told.reach(5)
    await admin.query(`DROP SCHEMA ${schema} CASCADE`)
    await migratePostgresStore({ connectionString: server.url, schema })
    expect(await codeOf(told.reach(6))).toBe('revisionUnknown')
    expect((await store.create('/new', 'x')).revision).toBe(1)
  })

  it('are migrated by many processes at once', async () => {
    const where = { connectionString: server.url, schema: 'at_once' }
    await Promise.all(Array.from({ length: 8 }, () => migratePostgresStore(where)))
    await migratePostgresStore(where)
    const { rows } = await admin.query('SELECT version FROM at_once.migration')
    expect(rows).toEqual([{ version: 1 }, { version: 2 }])
    const store = stores.keep(await postgresObjectStore(where))
    expect(await store.revision()).toBe(0)
  })

  it('are brought from version 1 to this version, with all their objects', async () => {
    const store = await replica()
    const { revision } = await store.create('/a', 'x')
    await admin.query(`DELETE FROM ${schema}.migration WHERE version = 2`)
    await admin.query(`DO $$ BEGIN
      EXECUTE (SELECT 'DROP FUNCTION ' || p.oid::regprocedure FROM pg_proc p WHERE p.proname = 'write' AND p.pronamespace = '${schema}'::regnamespace);
    END $$`)
    await admin.query(
      `CREATE FUNCTION ${schema}.write(text[], text[], text[], double precision[], double precision[], double precision[], double precision, integer, integer) RETURNS integer LANGUAGE sql AS 'SELECT 1'`,
    )
    await expect(replica()).rejects.toThrow('no store of this version')
    await migratePostgresStore({ connectionString: server.url, schema })
    const { rows } = await admin.query(
      `SELECT count(*)::int AS count FROM pg_proc WHERE proname = 'write' AND pronamespace = '${schema}'::regnamespace`,
    )
    expect(rows).toEqual([{ count: 1 }])
    const again = await replica()
    expect(await again.get('/a')).toMatchObject({ value: 'x', revision })
    await again.delete('/a', { fence: { key: '/a', createdRevision: revision } })
  })

  it('need tables of their version', async () => {
    const where = { connectionString: server.url, schema: 'other' }
    await expect(postgresObjectStore(where)).rejects.toMatchObject({ code: 'storeUnavailable' })
    await migratePostgresStore(where)
    await admin.query('INSERT INTO other.migration (version) VALUES (1000)')
    await expect(postgresObjectStore(where)).rejects.toThrow('newer version')
    await expect(migratePostgresStore(where)).rejects.toThrow('newer version')
  })

  it('refuse a transaction with one snapshot, which would read what was before the lock', async () => {
    const pool = new pg.Pool({
      connectionString: `${server.url}?options=-c%20default_transaction_isolation%3Dserializable`,
    })
    const store = await postgresObjectStore({ pool, schema })
    await expect(store.create('/a', 'x')).rejects.toThrow(
      'default_transaction_isolation must be read committed',
    )
    await store.close()
    await pool.end()
  })

  it.each([
    ['of a server that is not there', 'postgres://u:hunter2@127.0.0.1:1/x', 'ECONNREFUSED'],
    ['of a database that is not there', '/nothing', '3D000'],
    ['with a broken URL', 'postgres://u:hunter2@127.0.0.1:99999999/x', 'connectionString'],
  ])('keep the password out of the error %s', async (_, connectionString, said) => {
    const url = connectionString.startsWith('/')
      ? `postgres://postgres:hunter2@127.0.0.1:${server.port}${connectionString}`
      : connectionString
    const error: unknown = await postgresObjectStore({ connectionString: url, timeoutSeconds: 2 }).catch(
      (thrown: unknown) => thrown,
    )
    expect(error).toBeInstanceOf(Error)
    expect(String(error)).toContain(said)
    expect(`${String(error)} ${JSON.stringify(error)} ${String((error as Error).cause)}`).not.toContain(
      'hunter2',
    )
  })
})
