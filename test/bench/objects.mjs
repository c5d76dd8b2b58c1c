// What watchers and many objects cost a store and the Kubernetes API on it, in this process. One line of JSON for each case.
//
// usage: node --expose-gc objects.mjs watchers | accounts
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as nextTurn, setTimeout as pause } from 'node:timers/promises'
import { kubernetesApi } from '@kube-authn/server'
import { memoryObjectStore } from '@kube-authn/store'
import { sqliteObjectStore } from '@kube-authn/store/sqlite'
import { median } from './lib/measure.mjs'

const WATCHERS = 10_000
const CHANGES = 100
const NAMESPACES = 1000
const LABELS = 100
const ACCOUNTS = 100_000
const ROUNDS = 9

const [, , part] = process.argv
const folder = mkdtempSync(join(tmpdir(), 'kube-authn-objects-'))
let files = 0

if (part === 'accounts') await measureAccounts()
else {
  for (const store of ['memory', 'sqlite']) {
    for (const of of ['one namespace', 'many namespaces', 'selectors', 'tables'])
      await measureWatchers(store, of)
  }
}
rmSync(folder, { recursive: true })
process.exit(0)

async function measureWatchers(engine, of) {
  const store = engine === 'memory' ? memoryObjectStore() : await sqliteObjectStore({ file: newFile() })
  const api = await kubernetesApi({ store })
  const placeOf = (index) => (of === 'many namespaces' ? `ns-${index % NAMESPACES}` : 'default')
  const since = await store.revision()
  const before = memory()
  let events = 0
  const watches = Array.from({ length: WATCHERS }, async (_, index) => {
    const selector = of === 'selectors' ? `&labelSelector=app=a${index % LABELS}` : ''
    const url = `https://api/api/v1/namespaces/${placeOf(index)}/configmaps?watch=1&allowWatchBookmarks=true&resourceVersion=${since}${selector}`
    const headers = of === 'tables' ? { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' } : {}
    return (await api(new Request(url, { headers }))).body
  })
  const bodies = await Promise.all(watches)
  for (const body of bodies) void count(body)
  await pause(100)
  const bytes = (memory() - before) / WATCHERS

  let longest = 0
  let isOver = false
  // By the time that was computed: other processes of the machine do not count.
  let last = cpuMs()
  const watching = everyTurnUntil(() => {
    const now = cpuMs()
    longest = Math.max(longest, now - last)
    last = now
    return isOver
  })
  const share = of === 'many namespaces' ? NAMESPACES : of === 'selectors' ? LABELS : 1
  let expected = 0
  const haveCome = () => events >= expected
  const begun = cpuMs()
  for (let index = 0; index < CHANGES; index++) {
    const namespace = placeOf(index)
    await store.create(`/registry/configmaps/${namespace}/c${index}`, configMap(namespace, index))
    expected = ((index + 1) * WATCHERS) / share
    await everyTurnUntil(haveCome)
  }
  const used = cpuMs() - begun
  isOver = true
  await watching
  print({
    store: engine,
    watchers: WATCHERS,
    of,
    bytesPerWatcher: Math.round(bytes),
    events,
    cpuMsPerChange: rounded(used / CHANGES),
    longestTurnMs: rounded(longest),
  })
  await store.close()

  async function count(body) {
    for await (const _ of body) events++
  }
}

async function everyTurnUntil(isOver) {
  while (!isOver()) await nextTurn()
}

function configMap(namespace, index) {
  const metadata = {
    name: `c${index}`,
    namespace,
    uid: crypto.randomUUID(),
    labels: { app: `a${index % LABELS}` },
  }
  return JSON.stringify({ kind: 'ConfigMap', apiVersion: 'v1', metadata, data: { text: 'x'.repeat(400) } })
}

/** A store of many service accounts beside one of ten, in turns. */
async function measureAccounts() {
  const few = await filled(10)
  const many = await filled(ACCOUNTS)
  const microseconds = await inTurns([few, many])
  for (const [index, { count, file, openMs, firstPageMs, bytes }] of [few, many].entries()) {
    print({
      accounts: count,
      fileMB: rounded(statSync(file).size / 1e6),
      openMs: rounded(openMs),
      firstPageMs: rounded(firstPageMs),
      residentMB: rounded(bytes / 1e6),
      getMicroseconds: Object.fromEntries(
        Object.entries(microseconds).map(([name, each]) => [name, each[index]]),
      ),
    })
  }
}

async function filled(count) {
  const file = newFile()
  const first = await sqliteObjectStore({ file })
  for (let from = 0; from < count; from += 1000) {
    const indexes = Array.from({ length: Math.min(1000, count - from) }, (_, index) => from + index)
    await Promise.all(indexes.map((index) => first.create(keyOf(index), serviceAccount(index))))
  }
  await first.close()
  const opened = performance.now()
  const store = await sqliteObjectStore({ file })
  const openMs = performance.now() - opened
  const api = await kubernetesApi({ store })
  const listed = performance.now()
  await ask(api, '/api/v1/serviceaccounts?limit=500')
  const firstPageMs = performance.now() - listed
  for (let index = 0; index < count; index++) await store.get(keyOf(index))
  globalThis.gc()
  return { count, file, store, api, openMs, firstPageMs, bytes: process.memoryUsage().rss }
}

async function inTurns(stores) {
  const work = {
    store: { times: 20_000, get: ({ store }, index) => store.get(keyOf(index)) },
    api: {
      times: 4000,
      get: ({ api }, index) =>
        ask(api, `/api/v1/namespaces/${namespaceOf(index)}/serviceaccounts/sa-${index}`),
    },
  }
  const microseconds = {}
  for (const [name, { times, get }] of Object.entries(work)) {
    const rounds = stores.map(() => [])
    for (let round = 0; round < ROUNDS; round++) {
      for (const [at, each] of stores.entries()) {
        const begun = performance.now()
        for (let index = 0; index < times; index++)
          await get(each, ((round * times + index) * 7919) % each.count)
        rounds[at].push(((performance.now() - begun) * 1000) / times)
      }
    }
    microseconds[name] = rounds.map((each) => rounded(median(each)))
  }
  return microseconds
}

async function ask(api, path) {
  const response = await api(new Request(`https://api${path}`))
  if (response.status !== 200) throw new Error(`${path}: ${response.status}`)
  return response.text()
}

function namespaceOf(index) {
  return `ns-${index % 100}`
}

function keyOf(index) {
  return `/registry/serviceaccounts/${namespaceOf(index)}/sa-${index}`
}

function serviceAccount(index) {
  const metadata = { name: `sa-${index}`, namespace: namespaceOf(index), uid: crypto.randomUUID() }
  const creationTimestamp = '2026-11-01T00:00:00Z'
  return JSON.stringify({
    kind: 'ServiceAccount',
    apiVersion: 'v1',
    metadata: { ...metadata, creationTimestamp },
  })
}

function newFile() {
  return join(folder, `${files++}.db`)
}

function cpuMs() {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

function memory() {
  globalThis.gc()
  globalThis.gc()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

function rounded(value) {
  return Number(value.toPrecision(3))
}

function print(content) {
  console.log(JSON.stringify(content))
}
