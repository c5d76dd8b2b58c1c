import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { ObjectStore } from '@kube-authn/store'
import { migratePostgresStore, postgresObjectStore } from '@kube-authn/store/postgres'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { has } from './components.ts'
import { openNetwork } from './network.ts'
import { type RunningPostgres, startPgbouncer, startPostgres } from './postgres.ts'
import { makeScratch } from './scratch.ts'
import { codeOf, startWatching } from './write-load.ts'

type Options = Parameters<typeof postgresObjectStore>[0]

const TIMEOUT_SECONDS = 1

describe.runIf(has('postgres', 'setpriv'))('a statement in PostgreSQL', () => {
  const scratch = makeScratch()
  let server: RunningPostgres
  let admin: pg.Pool
  let schema: string
  let count = 0
  const stores: ObjectStore[] = []

  beforeAll(async () => {
    server = await startPostgres(scratch)
    admin = new pg.Pool({ connectionString: server.url })
    admin.on('error', () => undefined)
  })
  beforeEach(async () => {
    schema = `deadlines_${count++}`
    await migratePostgresStore({ connectionString: server.url, schema })
  })
  afterEach(async () => {
    for (const store of stores.splice(0)) await store.close()
  })
  afterAll(async () => {
    await admin.end()
    await server.close()
    scratch.remove()
  })

  const open = async (options: Partial<Options> = {}): Promise<ObjectStore> => {
    const where = options.pool === undefined ? { connectionString: server.url } : {}
    const store = await postgresObjectStore({ ...where, schema, timeoutSeconds: TIMEOUT_SECONDS, ...options })
    stores.push(store)
    return store
  }

  /** A transaction that holds a lock until the function that is returned is called. */
  const holding = async (statement: string): Promise<() => Promise<void>> => {
    const holder = await admin.connect()
    await holder.query('BEGIN')
    await holder.query(statement)
    return async () => {
      await holder.query('ROLLBACK')
      holder.release()
    }
  }

  /** What other sessions wait for. */
  const waits = async (kind: string): Promise<number> => {
    const { rows } = await admin.query<{ readonly pid: number }>(
      'SELECT pid FROM pg_stat_activity WHERE wait_event_type = $1 OR wait_event = $1',
      [kind],
    )
    return rows.length
  }

  /** Reads and writes that wait for another session fail, and nothing of them is left in the server while that session still has its lock. */
  const expectNoneLeft = async (store: ObjectStore): Promise<void> => {
    await store.create('/a', '1')
    const release = await holding(`LOCK TABLE ${schema}.object, ${schema}.store IN ACCESS EXCLUSIVE MODE`)
    try {
      const calls = [
        store.get('/a'),
        store.list('/'),
        store.create('/b', '1'),
        store.get('/b'),
        store.revision(),
      ]
      expect(await Promise.all(calls.map(codeOf))).toEqual(calls.map(() => 'storeUnavailable'))
      await vi.waitFor(async () => expect(await waits('Lock')).toBe(0))
    } finally {
      await release()
    }
    expect(await store.get('/b')).toBeUndefined()
    expect(await store.get('/a')).toMatchObject({ value: '1' })
  }

  it('ends at the server too when its time is over', async () => {
    await expectNoneLeft(await open({ listen: true }))
  })

  it('ends at the server too over a pool of the app, which has no limit of its own', async () => {
    const pool = new pg.Pool({ connectionString: server.url })
    pool.on('error', () => undefined)
    onTestFinished(() => pool.end())
    await expectNoneLeft(await open({ pool }))
    // Others who use the pool have no limit either.
    const { rows } = await pool.query('SHOW statement_timeout')
    expect(rows).toEqual([{ ['statement_timeout']: '0' }])
  })

  it.runIf(has('pgbouncer'))(
    'ends at the server too behind a pgbouncer that pools transactions',
    async () => {
      const bouncer = await startPgbouncer(scratch, server)
      onTestFinished(() => bouncer.close())
      await expectNoneLeft(await open({ connectionString: bouncer.url, listen: false, pollSeconds: 60 }))
      await expect(open({ connectionString: bouncer.url })).rejects.toThrow('set listen to false')
    },
  )

  it('that waits for its turn fails at once when its connection is ended, and is not done', async () => {
    const store = await open({ timeoutSeconds: 60 })
    const release = await holding(`SELECT * FROM ${schema}.store FOR UPDATE`)
    const waiting = codeOf(store.create('/a', '1'))
    await vi.waitFor(async () => expect(await waits('Lock')).toBe(1))
    await admin.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
    expect(await waiting).toBe('storeUnavailable')
    await release()
    expect(await store.create('/a', '2')).toMatchObject({ value: '2', revision: 1 })
  })

  it('that waits for its turn when the network fails is done at most once, and holds nothing up', async () => {
    const network = await openNetwork(server.port)
    onTestFinished(() => network.close())
    const store = await open({
      connectionString: `postgres://postgres@127.0.0.1:${network.port}/postgres`,
      timeoutSeconds: 60,
    })
    const other = await open({ timeoutSeconds: 60 })
    const release = await holding(`SELECT * FROM ${schema}.store FOR UPDATE`)
    const first = codeOf(store.create('/a', '1'))
    await vi.waitFor(async () => expect(await waits('Lock')).toBe(1))
    network.cut()
    expect(await first).toBe('storeUnavailable')
    const again = codeOf(store.create('/a', '2'))
    await vi.waitFor(async () => expect(await waits('Lock')).toBeGreaterThan(0))
    await release()
    // The server may not have heard that the first one was given up.
    const known = await again
    expect(['objectExists', undefined]).toContain(known)
    expect(await other.get('/a')).toMatchObject({ value: known === undefined ? '2' : '1', revision: 1 })
    expect(await other.create('/b', '1')).toMatchObject({ revision: 2 })
  })

  it('whose answer is not read, since the process is stopped, does not keep others from writing', async () => {
    const store = await open({ timeoutSeconds: 2 })
    const large = 'x'.repeat(900_000)
    for (let index = 0; index < 40; index++) await store.create(`/large/${index}`, large)
    const script = fileURLToPath(new URL('store-updater.mjs', import.meta.url))
    const child = spawn(process.execPath, [script, server.url, schema, '2'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    onTestFinished(() => void child.kill('SIGKILL'))
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
    expect((await lines.next()).value).toBe('sent')
    await vi.waitFor(async () => expect(await waits('ClientWrite')).toBe(1))
    // Without waking it.
    await vi.waitFor(async () => expect(await codeOf(store.create('/other', '1'))).toBeUndefined())
    expect(await waits('ClientWrite')).toBe(0)
    const { objects } = await store.list('/large/')
    expect(objects.map(({ value }) => value.length)).toEqual(objects.map(() => large.length))
    child.kill('SIGCONT')
    const codes: unknown = JSON.parse(String((await lines.next()).value))
    expect(codes).toEqual(objects.map(() => 'storeUnavailable'))
    await once(child, 'exit')
  })

  it('that listens is begun anew when a firewall has forgotten its connection', async () => {
    const network = await openNetwork(server.port)
    onTestFinished(() => network.close())
    const watching = await open({
      connectionString: `postgres://postgres@127.0.0.1:${network.port}/postgres`,
      pollSeconds: 3600,
    })
    const writing = await open()
    const told = startWatching(watching)
    await told.reach((await writing.create('/a', '1')).revision)
    await vi.waitFor(async () => {
      const { rows } = await admin.query(
        "SELECT pid FROM pg_stat_activity WHERE state = 'idle' AND query LIKE 'LISTEN %'",
      )
      expect(rows).toHaveLength(1)
    })
    network.forget()
    const { revision } = await writing.create('/b', '1')
    await told.reach(revision)
    expect(told.changes.map(({ key }) => key)).toEqual(['/a', '/b'])
    await told.stop()
  })
})
