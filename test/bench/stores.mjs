// Measures stores. One line of JSON for each case.
//
// usage: node stores.mjs rates ENGINE [WHERE]    calls per second, beside the bare driver
//        node stores.mjs large ENGINE [WHERE]    start and memory with 1,000,000 objects
//
// ENGINE is memory, sqlite, postgres or etcd; WHERE is a folder, a postgres:// URL, or the http:// URL of an etcd. What is there already may be deleted.
import { spawnSync } from 'node:child_process'
import { loadavg } from 'node:os'
import { fileURLToPath } from 'node:url'
import { ENGINES } from './lib/engines.mjs'
import { median } from './lib/measure.mjs'

const CALLERS = [1, 16, 128]
const ROUNDS = 5
const ROUND_MS = 1000
const OBJECTS = 1_000_000
const VALUE = JSON.stringify({ kind: 'ServiceAccount', padding: 'x'.repeat(1000) })

const [, , part, name, where] = process.argv
const engine = ENGINES[name](where)

if (part === 'rates') await measureRates()
else if (part === 'large') await measureLarge()
else if (part === 'opened') await measureOpened()
process.exit(0)

/** In turns, so that other work on the machine is the same for both. */
async function measureRates() {
  const driver = await engine.driver()
  const store = await engine.open()
  let last = 0
  const keys = Array.from({ length: 1000 }, (_, index) => `/get/${index}`)
  for (const key of keys) {
    await driver.write(key, VALUE)
    await store.create(key, VALUE)
  }
  const work = {
    'writes, driver': () => driver.write(`/bare/${last++}`, VALUE),
    'writes, store': () => store.create(`/store/${last++}`, VALUE),
    'reads, driver': () => driver.read(keys[last++ % keys.length]),
    'reads, store': () => store.get(keys[last++ % keys.length]),
  }
  for (const callers of CALLERS) {
    const rates = Object.fromEntries(Object.keys(work).map((each) => [each, []]))
    for (let round = 0; round < ROUNDS; round++) {
      for (const [each, call] of Object.entries(work)) rates[each].push(await rate(callers, call))
    }
    const perSecond = Object.fromEntries(
      Object.entries(rates).map(([each, found]) => [each, rounded(median(found))]),
    )
    const ratio = (of) => rounded(perSecond[`${of}, store`] / perSecond[`${of}, driver`])
    const ratios = { 'writes, ratio': ratio('writes'), 'reads, ratio': ratio('reads') }
    print({ engine: name, callers, perSecond, ...ratios, load: rounded(loadavg()[0]) })
  }
}

/** Calls per second of so many callers at a time. */
async function rate(callers, call) {
  let count = 0
  const begun = performance.now()
  const end = begun + ROUND_MS
  await Promise.all(
    Array.from({ length: callers }, async () => {
      while (performance.now() < end) {
        await call()
        count++
      }
    }),
  )
  return (count * 1000) / (performance.now() - begun)
}

/** A store of many objects is opened in a process of its own. */
async function measureLarge() {
  if (name === 'memory') {
    await measureOpened()
    return
  }
  const begun = performance.now()
  await engine.fill(objects())
  const fillSeconds = rounded((performance.now() - begun) / 1000)
  const script = fileURLToPath(import.meta.url)
  const { stdout, stderr } = spawnSync(
    process.execPath,
    ['--expose-gc', script, 'opened', name, where ?? engine.folder],
    { encoding: 'utf8' },
  )
  if (stdout === '') throw new Error(stderr)
  print({ ...JSON.parse(stdout), fillSeconds })
}

/** The time from the opening of a store to its first answers, and the memory of the process. */
async function measureOpened() {
  const before = process.memoryUsage().rss
  const begun = performance.now()
  const sinceMs = () => rounded(performance.now() - begun)
  const store = await engine.open()
  const openMs = sinceMs()
  if (name === 'memory') for (const [key, value] of objects()) await store.create(key, value)
  const filledMs = sinceMs()
  const object = await store.get(keyOf(OBJECTS - 1))
  if (object === undefined) throw new Error('the store is not filled')
  const getMs = sinceMs()
  const page = await store.list('/registry/', { limit: 500 })
  const pageMs = sinceMs()
  const peakOfFirst = peak()
  let listed = page
  let count = page.objects.length
  while (listed.continue !== undefined) {
    // It counts all objects for each page.
    if (name === 'etcd') break
    listed = await store.list('/registry/', { limit: 500, continue: listed.continue })
    count += listed.objects.length
  }
  print({
    engine: name,
    listed: count,
    openMs,
    ...(name === 'memory' && { filledMs }),
    firstGetMs: getMs,
    firstPageMs: pageMs,
    allPagesMs: sinceMs(),
    residentBeforeMB: rounded(before / 1e6),
    peakOfFirstPageMB: peakOfFirst,
    peakOfAllPagesMB: peak(),
    load: rounded(loadavg()[0]),
  })
}

function* objects() {
  for (let index = 0; index < OBJECTS; index++) yield [keyOf(index), valueOf(index)]
}

function keyOf(index) {
  return `/registry/serviceaccounts/ns-${index % 1000}/sa-${index}`
}

function valueOf(index) {
  const metadata = { name: `sa-${index}`, namespace: `ns-${index % 1000}`, uid: crypto.randomUUID() }
  const creationTimestamp = '2026-11-01T00:00:00Z'
  const content = { kind: 'ServiceAccount', apiVersion: 'v1', metadata: { ...metadata, creationTimestamp } }
  return JSON.stringify({ ...content, padding: 'x'.repeat(120) })
}

function peak() {
  return rounded((process.resourceUsage().maxRSS * 1024) / 1e6)
}

function rounded(value) {
  return Number(value.toPrecision(3))
}

function print(content) {
  console.log(JSON.stringify(content))
}
