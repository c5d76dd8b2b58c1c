// What a login, its end, and a revocation at one replica cost the engine and each other replica, with 3, 8 and 16 of them in this process. One line of JSON for each case.
//
// usage: node replicas.mjs postgres|etcd|valkey URL [--spacing MS] [REPLICAS...]
//
// With PostgreSQL and etcd each replica follows the revocations and has stored sessions. `requests` are transactions of PostgreSQL, calls of etcd, commands of Valkey; those of
// a time without work are subtracted. What is in the schema `bench`, or below `/bench/`, is deleted.
import { createRequire } from 'node:module'
import { connect, createServer } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { storedSessions } from '@kube-authn/login'
import { valkeySessions } from '@kube-authn/login/valkey'
import { revocations } from '@kube-authn/server'
import { etcdObjectStore } from '@kube-authn/store/etcd'
import { migratePostgresStore, postgresObjectStore } from '@kube-authn/store/postgres'
import pg from 'pg'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { spacing: { type: 'string', default: '100' } },
})
const [name, url, ...counts] = positionals
const LOGINS = 50
/** Between two pieces of work. */
const SPACING_MS = Number(values.spacing)
/** PostgreSQL counts with a delay. */
const SETTLE_MS = 2500
const KEY = '/registry/authentication.kube-authn.dev/credentialrevocations/'

const ENGINES = {
  async postgres() {
    const admin = new pg.Pool({ connectionString: url, max: 1 })
    await admin.query('DROP SCHEMA IF EXISTS bench CASCADE')
    await migratePostgresStore({ connectionString: url, schema: 'bench' })
    const ask = async (query) => Number((await admin.query(query)).rows[0].count)
    return {
      open: (at) => withStore(postgresObjectStore({ connectionString: at, schema: 'bench' })),
      requests: () =>
        ask(
          'SELECT sum(xact_commit + xact_rollback) AS count FROM pg_stat_database WHERE datname = current_database()',
        ),
      connections: () =>
        ask("SELECT count(*) - 1 AS count FROM pg_stat_activity WHERE backend_type = 'client backend'"),
      close: () => admin.end(),
    }
  },
  async etcd() {
    await fetch(`${url}/v3/kv/deleterange`, {
      method: 'POST',
      body: JSON.stringify({ key: btoa('/bench/'), range_end: btoa('/bench0') }),
    })
    return {
      open: (at) =>
        withStore(etcdObjectStore({ endpoints: [at], allowInsecureHttp: true, prefix: '/bench/' })),
      async requests() {
        const text = await (await fetch(`${url}/metrics`)).text()
        return [...text.matchAll(/^grpc_server_handled_total\{.*\} (\S+)$/gm)].reduce(
          (sum, [, count]) => sum + Number(count),
          0,
        )
      },
    }
  },
  async valkey() {
    const { createClient } = createRequire(import.meta.resolve('@kube-authn/login/valkey'))('@redis/client')
    const client = await createClient({ url: url.replace('valkey:', 'redis:') }).connect()
    return {
      open: async (at) => ({ sessions: await valkeySessions({ url: at }) }),
      requests: async () => Number(/total_commands_processed:(\d+)/.exec(await client.info('stats'))[1]),
      close: () => client.close(),
    }
  },
}

async function withStore(opening) {
  const store = await opening
  await revocations({ store })
  return { store, sessions: storedSessions({ store }) }
}

for (const count of counts.length > 0 ? counts.map(Number) : [3, 8, 16]) await measure(count)
process.exit(0)

async function measure(replicas) {
  const engine = await ENGINES[name]()
  const network = await counting(new URL(url))
  const writer = await engine.open(url)
  const others = []
  for (let index = 1; index < replicas; index++) others.push(await engine.open(network.url))
  const sessions = []
  const idle = await spent(() => {})
  const cost = async (work) => {
    const all = await spent(work)
    return {
      requests: rounded((all.requests - idle.requests) / LOGINS),
      bytesForEachOther: rounded((all.bytes - idle.bytes) / LOGINS / others.length),
    }
  }
  const found = {
    engine: name,
    replicas,
    spacingMs: SPACING_MS,
    login: await cost(async (index) =>
      sessions.push((await writer.sessions.begin(contentOf(index))).session),
    ),
    logout: await cost((index) => writer.sessions.endWhere({ username: `user-${index}` })),
  }
  if (writer.store !== undefined) {
    const [revision, kept] = [await writer.store.revision(), await lengthOf(writer.store)]
    for (let index = 0; index < LOGINS; index++) await writer.sessions.begin(contentOf(`kept-${index}`))
    found.changesOfLogin = ((await writer.store.revision()) - revision) / LOGINS
    found.bytesOfSession = Math.round(((await lengthOf(writer.store)) - kept) / LOGINS)
    found.revocation = await cost((index) => writer.store.create(`${KEY}r-${index}`, revocation(index)))
    found.expiry = await cost((index) => writer.store.create(`/short/${index}`, 'x', { ttlMs: 1000 }))
  }
  const idleSeconds = (LOGINS * SPACING_MS + SETTLE_MS) / 1000
  found.idleOfEach = {
    requestsPerSecond: rounded(idle.requests / idleSeconds / replicas),
    bytesPerSecond: rounded(idle.bytes / idleSeconds / others.length),
  }
  if (engine.connections !== undefined)
    found.connectionsOfEach = rounded((await engine.connections()) / replicas)
  console.log(JSON.stringify(found))
  for (const { store, sessions: each } of [writer, ...others]) await (store ?? each).close()
  network.close()
  await engine.close?.()

  async function spent(work) {
    await pause(SETTLE_MS)
    const before = { requests: await engine.requests(), bytes: network.bytes() }
    for (let index = 0; index < LOGINS; index++) {
      const spacing = pause(SPACING_MS)
      await work(index)
      await spacing
    }
    await pause(SETTLE_MS)
    return { requests: (await engine.requests()) - before.requests, bytes: network.bytes() - before.bytes }
  }
}

/** A way to the engine that counts what comes from it. */
async function counting(to) {
  let bytes = 0
  const server = createServer((incoming) => {
    const outgoing = connect(Number(to.port), to.hostname)
    outgoing.on('data', (data) => (bytes += data.length))
    incoming.pipe(outgoing).pipe(incoming)
    for (const each of [incoming, outgoing]) each.on('error', () => {})
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  const at = new URL(to)
  at.port = String(server.address().port)
  return { url: at.href.replace(/\/$/, ''), bytes: () => bytes, close: () => server.close() }
}

/** What all keys and values are long. */
async function lengthOf(store) {
  const { objects } = await store.list('/')
  return objects.reduce((sum, { key, value }) => sum + key.length + value.length, 0)
}

/** What a login of a user leaves, with an id token of 800 bytes. */
function contentOf(index) {
  return {
    provider: 'example',
    idToken: 'x'.repeat(800),
    refreshToken: 'x'.repeat(400),
    expiresAtMs: Date.now() + 3_600_000,
    subject: `sub-${index}`,
    providerSession: `sid-${index}`,
    username: `user-${index}`,
  }
}

function revocation(index) {
  return JSON.stringify({
    apiVersion: 'authentication.kube-authn.dev/v1',
    kind: 'CredentialRevocation',
    metadata: { name: `r-${index}`, uid: crypto.randomUUID(), creationTimestamp: '2026-12-01T00:00:00Z' },
    spec: { user: `user-${index}` },
  })
}

function rounded(value) {
  return Number(value.toPrecision(3))
}
