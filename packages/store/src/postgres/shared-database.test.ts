import { fixedClock } from '@kube-authn/testing'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { type EmbeddedPostgres, embeddedPostgres } from '../../test/embedded-postgres.ts'
import type { ObjectStore } from '../object-store.ts'
import type { PostgresPool } from './database.ts'
import { postgresStoreVersions } from './read-postgres-store.ts'
import { SCHEMA_VERSION } from './schema.ts'
import { migratePostgresStore, postgresObjectStore } from './postgres-object-store.ts'

interface Statement {
  readonly sql: string
  readonly values: readonly unknown[]
  readonly rows: readonly unknown[]
}

/** The pool, and every statement that went through it with the rows that came back. */
function recorded({ connect }: PostgresPool): {
  readonly pool: PostgresPool
  readonly statements: Statement[]
} {
  const statements: Statement[] = []
  const pool: PostgresPool = {
    async connect() {
      const client = await connect()
      return {
        ...client,
        async query(sql, values = []) {
          const result = await client.query(sql, values)
          statements.push({ sql, values, rows: result.rows })
          return result
        },
      }
    },
  }
  return { pool, statements }
}

describe('replicas of one database', () => {
  let postgres: EmbeddedPostgres
  let count = 0
  beforeAll(async () => {
    postgres = await embeddedPostgres()
  })
  afterAll(() => postgres.close())

  const emptySchema = async (): Promise<string> => {
    const schema = `shared_${count++}`
    await migratePostgresStore({ pool: postgres.pool, schema })
    return schema
  }

  it('work with the tables of the next version, and with none that are newer', async () => {
    const schema = await emptySchema()
    const where = { pool: postgres.pool, schema }
    const before = await postgresObjectStore(where)
    await postgres.sql(`INSERT INTO ${schema}.migration (version) VALUES (${SCHEMA_VERSION + 1})`)
    await before.create('/a', '1')
    await migratePostgresStore(where)
    expect(await postgresStoreVersions(where)).toEqual({
      before: SCHEMA_VERSION + 1,
      after: SCHEMA_VERSION + 1,
    })
    const restarted = await postgresObjectStore(where)
    await restarted.create('/b', '1')
    expect((await before.list('/')).objects.map(({ key }) => key)).toEqual(['/a', '/b'])
    await Promise.all([before.close(), restarted.close()])

    await postgres.sql(`INSERT INTO ${schema}.migration (version) VALUES (${SCHEMA_VERSION + 2})`)
    for (const attempt of [migratePostgresStore, postgresObjectStore, postgresStoreVersions]) {
      await expect(attempt(where)).rejects.toMatchObject({
        code: 'storeUnavailable',
        message: expect.stringContaining(
          `has schema version ${SCHEMA_VERSION + 2}, and this program can use`,
        ) as string,
      })
    }
  })

  it('read no change of an object that they do not watch', async () => {
    const schema = await emptySchema()
    const { pool, statements } = recorded(postgres.pool)
    const writing = await postgresObjectStore({ pool: postgres.pool, schema })
    const watching = await postgresObjectStore({ pool, schema })
    const events = watching.watch('/revocation/', { since: 0 })[Symbol.asyncIterator]()
    const first = events.next()
    for (let login = 0; login < 20; login++) await writing.create(`/session/${login}`, 'a secret')
    await writing.create('/revocation/1', '{}')
    expect(await first).toMatchObject({ value: { type: 'created', key: '/revocation/1', revision: 21 } })
    await watching.revision()
    expect(JSON.stringify(statements)).toContain('/revocation/1')
    expect(JSON.stringify(statements)).not.toContain('/session/')
    await events.return?.()
    await Promise.all([writing.close(), watching.close()])
  })

  it('are told how the keys of what was written begin', async () => {
    const schema = await emptySchema()
    const { pool, statements } = recorded(postgres.pool)
    const messages: unknown[] = []
    const listener = await postgres.pool.connect()
    listener.on('notification', (message) => messages.push(message))
    await listener.query(`LISTEN "${schema}"`)
    const writing = await postgresObjectStore({ pool: postgres.pool, schema })
    // By its clock it never asks by itself.
    const watching = await postgresObjectStore({ pool, schema, clock: fixedClock() })
    const events = watching.watch('/registry/revocation/', { since: 0 })[Symbol.asyncIterator]()
    await writing.create('/registry/revocation/1', '{}')
    await events.next()
    await vi.waitFor(() => expect(statements.some(({ sql }) => sql.startsWith('LISTEN'))).toBe(true))
    await Promise.all(['/sessions/1', '/sessions/2', '/a'].map((key) => writing.create(key, 'a secret')))
    await writing.create('/registry/revocation/2', '{}')
    expect(await events.next()).toMatchObject({ value: { key: '/registry/revocation/2' } })
    expect(messages.slice(1)).toEqual([{ payload: '["/sessions/","/a"]' }, { payload: '["/registry/"]' }])
    await events.return?.()
    listener.release()
    await Promise.all([writing.close(), watching.close()])
  })

  it('call the database once for each object that expires, whatever their number', async () => {
    const schema = await emptySchema()
    const clock = fixedClock()
    const { pool, statements } = recorded(postgres.pool)
    const stores = await Promise.all(
      Array.from({ length: 4 }, () => postgresObjectStore({ pool, schema, clock })),
    )
    const [first] = stores as [ObjectStore, ...ObjectStore[]]
    const watches = stores.map((store) => store.watch('/', { since: 0 })[Symbol.asyncIterator]())
    const deletions = (): number =>
      statements.filter(
        ({ sql, values: [types] }) => sql.includes('.write(') && Array.isArray(types) && types.length === 0,
      ).length
    const expireOne = async (key: string): Promise<void> => {
      await first.create(key, '1', { ttlMs: 1000 })
      for (const watch of watches) expect((await watch.next()).value).toMatchObject({ type: 'created', key })
      await clock.advanceAsync(1000)
      for (const watch of watches) expect((await watch.next()).value).toMatchObject({ type: 'deleted', key })
    }
    const objects = 20
    for (let object = 0; object < objects; object++) await expireOne(`/${object}`)
    // A replica tries in vain once: then it leaves the next ones to the others.
    expect(deletions()).toBeGreaterThanOrEqual(objects)
    expect(deletions()).toBeLessThan(objects + stores.length)

    // The replica that does so may be any of them, and may go away.
    for (const store of stores.slice(0, -1)) await store.close()
    const last = stores.at(-1) as ObjectStore
    await last.create('/last', '1', { ttlMs: 1000 })
    await clock.advanceAsync(1000)
    await clock.advanceAsync(1000)
    await vi.waitFor(async () =>
      expect((await watches.at(-1)?.next())?.value).toMatchObject({ key: '/last' }),
    )
    await last.close()
  })

  it('deliver each change of a watched prefix once and in order, whatever other watches begin or end', async () => {
    const keys = Array.from({ length: 50 }, (_, index) => `/${index % 2 === 0 ? 'a' : 'b'}/${index}`)
    const prefixes = ['/', '/a', '/a/', '/b/1', '/c', '', ...keys]
    const step = fc.oneof(
      fc.record({ kind: fc.constant('write' as const), key: fc.constantFrom(...keys), store: fc.nat(2) }),
      fc.record({
        kind: fc.constant('watch' as const),
        prefix: fc.constantFrom(...prefixes),
        store: fc.nat(2),
        back: fc.nat(5),
        count: fc.integer({ min: 1, max: 40 }),
      }),
      fc.record({ kind: fc.constant('end' as const), which: fc.nat(40) }),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 60 }), async (steps) => {
        const schema = await emptySchema()
        const stores = await Promise.all(
          Array.from({ length: 3 }, () => postgresObjectStore({ pool: postgres.pool, schema })),
        )
        const written: { readonly key: string; readonly revision: number }[] = []
        const watches: {
          readonly prefix: string
          readonly since: number
          readonly end: AbortController
          readonly seen: number[]
          readonly ended: Promise<void>
        }[] = []
        const watch = (store: ObjectStore, prefix: string, since: number): void => {
          const end = new AbortController()
          const seen: number[] = []
          const read = async (): Promise<void> => {
            for await (const event of store.watch(prefix, { since, signal: end.signal }))
              seen.push(event.revision)
          }
          watches.push({ prefix, since, end, seen, ended: read() })
        }
        const wanted = ({ prefix, since }: { readonly prefix: string; readonly since: number }): number[] =>
          written
            .filter(({ key, revision }) => key.startsWith(prefix) && revision > since)
            .map((each) => each.revision)
        const pending: Promise<void>[] = []
        for (const each of steps) {
          const store = stores['store' in each ? each.store : 0] as ObjectStore
          if (each.kind === 'end') watches[each.which]?.end.abort()
          else if (each.kind === 'watch') {
            const since = Math.max(0, (written.at(-1)?.revision ?? 0) - each.back)
            for (let index = 0; index < each.count; index++) {
              watch(store, index === 0 ? each.prefix : `/b/${index}`, since)
            }
          } else {
            const { key } = each
            const id = `${key}${written.length}.${pending.length}`
            // Not awaited: writes meet the beginnings of watches.
            pending.push(
              store.create(id, 'x').then(({ revision }) => void written.push({ key: id, revision })),
            )
            if (pending.length % 3 === 0) await Promise.all(pending.splice(0))
          }
        }
        await Promise.all(pending)
        written.sort((one, other) => one.revision - other.revision)
        const open = watches.filter(({ end }) => !end.signal.aborted)
        await vi.waitFor(() => {
          for (const each of open) expect(each.seen.length).toBeGreaterThanOrEqual(wanted(each).length)
        })
        for (const each of open) expect(each.seen).toEqual(wanted(each))
        for (const each of watches) expect(wanted(each).slice(0, each.seen.length)).toEqual(each.seen)
        for (const { end } of watches) end.abort()
        await Promise.all(watches.map(({ ended }) => ended))
        await Promise.all(stores.map((store) => store.close()))
      }),
      { numRuns: 15 },
    )
  })
})
