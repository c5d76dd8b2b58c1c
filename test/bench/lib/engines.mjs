// The engines of stores, each beside its bare driver: writes of the same durability, and reads of one object.
import { mkdtempSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { memoryObjectStore } from '@kube-authn/store'
import { etcdObjectStore } from '@kube-authn/store/etcd'
import { migratePostgresStore, postgresObjectStore } from '@kube-authn/store/postgres'
import { sqliteObjectStore } from '@kube-authn/store/sqlite'
import pg from 'pg'
import { followEtcd, followPostgres } from './bare-followers.mjs'

const SCHEMA = 'bench'
/** What one transaction of etcd may do, less the state of the store. */
const MOST_PUTS = 127

/** @typedef {{ open(): Promise<object>, driver?(): Promise<{ write(key, value): unknown, read(key): unknown }>, fill?(objects: Iterable<readonly [key: string, value: string]>): Promise<void>, followBare?(): Promise<() => number> }} Engine */

/** @type {Readonly<Record<string, (where: string) => Engine>>} */
export const ENGINES = {
  memory: () => ({
    open: async () => memoryObjectStore(),
    async driver() {
      const map = new Map()
      return { write: async (key, value) => map.set(key, value), read: async (key) => map.get(key) }
    },
  }),

  sqlite(where) {
    const folder = where ?? mkdtempSync(join(tmpdir(), 'kube-authn-stores-'))
    const open = () => sqliteObjectStore({ file: join(folder, 'store.db') })
    return {
      folder,
      open,
      async driver() {
        const database = openSqlite(join(folder, 'bare.db'))
        database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL')
        database.exec('CREATE TABLE object (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID')
        const insert = database.prepare('INSERT INTO object VALUES (?, ?)')
        const select = database.prepare('SELECT value FROM object WHERE key = ?')
        return {
          write: async (key, value) => insert.run(key, value),
          read: async (key) => select.get(key),
        }
      },
      async fill(objects) {
        const store = await open()
        for (const group of inGroups(objects, 1000))
          await Promise.all(group.map(([key, value]) => store.create(key, value)))
        await store.close()
      },
    }
  },

  postgres(connectionString) {
    const open = () => postgresObjectStore({ connectionString, schema: SCHEMA })
    const prepared = async () => {
      const pool = new pg.Pool({ connectionString })
      for (const schema of [SCHEMA, 'bare']) await pool.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`)
      await migratePostgresStore({ connectionString, schema: SCHEMA })
      return pool
    }
    return {
      open,
      followBare: () => followPostgres(connectionString, SCHEMA),
      async driver() {
        const pool = await prepared()
        await pool.query('CREATE SCHEMA bare')
        await pool.query('CREATE TABLE bare.object (key text COLLATE "C" PRIMARY KEY, value text NOT NULL)')
        return {
          write: (key, value) => pool.query('INSERT INTO bare.object VALUES ($1, $2)', [key, value]),
          read: (key) => pool.query('SELECT value FROM bare.object WHERE key = $1', [key]),
        }
      },
      /** Without the history of the store, which has an end. */
      async fill(objects) {
        const pool = await prepared()
        let revision = 0
        for (const group of inGroups(objects, 5000)) {
          await pool.query(
            `INSERT INTO ${SCHEMA}.object SELECT t.key, t.value, $3 + t.position, $3 + t.position, NULL
            FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS t(key, value, position)`,
            [group.map(([key]) => key), group.map(([, value]) => value), revision],
          )
          revision += group.length
        }
        await pool.query(`UPDATE ${SCHEMA}.store SET revision = $1, compacted = $1`, [revision])
        await pool.query(`VACUUM ANALYZE ${SCHEMA}.object`)
        await pool.end()
      },
    }
  },

  etcd(url) {
    const prefix = `/bench/`
    const open = () =>
      etcdObjectStore({ endpoints: [url], allowInsecureHttp: true, prefix, timeoutSeconds: 60 })
    const post = async (path, body) => {
      const response = await fetch(`${url}/v3/${path}`, { method: 'POST', body: JSON.stringify(body) })
      const answer = await response.json()
      if (!response.ok) throw new Error(JSON.stringify(answer))
      return answer
    }
    const base64 = (text) => Buffer.from(text).toString('base64')
    return {
      open,
      followBare: () => followEtcd(url, `${prefix}o/`),
      driver: async () => ({
        write: (key, value) => post('kv/put', { key: base64(`/bare${key}`), value: base64(value) }),
        read: (key) => post('kv/range', { key: base64(`/bare${key}`) }),
      }),
      /** Many objects in one transaction, as the store keeps them. */
      async fill(objects) {
        await (await open()).close()
        const put = (key, value) => ({
          request_put: { key: base64(`${prefix}${key}`), value: base64(value) },
        })
        const groups = inGroups(objects, MOST_PUTS)
        const work = async () => {
          for (const group of groups) {
            const puts = group.map(([key, value]) => put(`o/${key}`, `\n${value}`))
            await post('kv/txn', { success: [put('s', crypto.randomUUID()), ...puts] })
          }
        }
        await Promise.all(Array.from({ length: 8 }, work))
        // As the store does with its history.
        const { header } = await post('kv/range', { key: base64(prefix) })
        await post('kv/compaction', { revision: header.revision, physical: true })
      },
    }
  },
}

function openSqlite(file) {
  const builtIn = process.getBuiltinModule('node:sqlite')
  if (builtIn !== undefined) return new builtIn.DatabaseSync(file)
  const Database = createRequire(import.meta.resolve('@kube-authn/store'))('libsql')
  return new Database(file)
}

function* inGroups(items, size) {
  let group = []
  for (const item of items) {
    group.push(item)
    if (group.length < size) continue
    yield group
    group = []
  }
  if (group.length > 0) yield group
}
