// Measures a store in PostgreSQL beside its driver: node test/bench/postgres.mjs postgres://postgres@127.0.0.1:5432/postgres
import { migratePostgresStore, postgresObjectStore } from '@kube-authn/server/postgres'
import pg from 'pg'

const connectionString = process.argv[2]
const SECONDS = 3
const VALUE = JSON.stringify({ kind: 'ServiceAccount', padding: 'x'.repeat(1000) })

/** Calls per second of so many callers at a time. */
async function rate(callers, work) {
  let count = 0
  const end = performance.now() + SECONDS * 1000
  await Promise.all(
    Array.from({ length: callers }, async (_, caller) => {
      while (performance.now() < end) {
        await work(caller, count)
        count++
      }
    }),
  )
  return Math.round(count / SECONDS)
}

const admin = new pg.Pool({ connectionString })
for (const schema of ['bench', 'bare']) await admin.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`)
await admin.query('CREATE SCHEMA bare')
await admin.query('CREATE TABLE bare.object (key text COLLATE "C" PRIMARY KEY, value text NOT NULL)')
await migratePostgresStore({ connectionString, schema: 'bench' })
const replicas = await Promise.all(
  [1, 2, 3].map(() => postgresObjectStore({ connectionString, schema: 'bench' })),
)
let last = 0
const next = () => last++
const rows = []
for (const callers of [1, 16, 128]) {
  const insert = () => admin.query('INSERT INTO bare.object VALUES ($1, $2)', [`/bare/${next()}`, VALUE])
  const create = (store) => () => store.create(`/bench/${next()}`, VALUE)
  const name = (_, index) => `/bench/get/${index % 1000}`
  if (callers === 1) {
    for (let index = 0; index < 1000; index++) {
      await admin.query('INSERT INTO bare.object VALUES ($1, $2)', [`/bench/get/${index}`, VALUE])
      await replicas[0].create(`/bench/get/${index}`, VALUE)
    }
  }
  rows.push({
    callers,
    'writes/s, driver': await rate(callers, insert),
    'writes/s, store': await rate(callers, create(replicas[0])),
    'writes/s, 3 replicas': await rate(callers, (caller) => create(replicas[caller % 3])()),
    'reads/s, driver': await rate(callers, (...at) =>
      admin.query('SELECT value FROM bare.object WHERE key = $1', [name(...at)]),
    ),
    'reads/s, store': await rate(callers, (...at) => replicas[0].get(name(...at))),
  })
}
console.table(rows)
for (const store of replicas) await store.close()
await admin.end()
