// Sets the clock of its process back and forward by a day while a store in SQLite is open, and prints what lives.
//
// usage: node store-clock.mjs FILE
const DAY_MS = 86_400_000
const LIFE_MS = 300
const realNow = Date.now
let offset = 0
// Before the store takes it for its clock.
Date.now = () => realNow() + offset
const { sqliteObjectStore } = await import('../dist/sqlite.js')

const file = process.argv[2]
const store = await sqliteObjectStore({ file })
const seen = []
for (const [index, step] of [-DAY_MS, DAY_MS, DAY_MS, -DAY_MS].entries()) {
  const key = `/${index}`
  const begun = performance.now()
  const { revision } = await store.create(key, '1', { ttlMs: LIFE_MS })
  offset += step
  const early = await store.get(key)
  // A slow machine may be late, which is not early.
  const isEarly = early === undefined && performance.now() - begun < LIFE_MS
  await deleted(key, revision)
  seen.push({ key, revision, isEarly, lived: performance.now() - begun >= LIFE_MS })
}
const last = await store.create('/last', '1')
const { objects } = await store.list('')
await store.close()
console.log(JSON.stringify({ seen, keys: objects.map(({ key }) => key), revision: last.revision }))

/** Waits until the timer of the store has deleted it: nothing else reads or writes the store. */
async function deleted(key, since) {
  // The timers of a store keep no process alive.
  const alive = setInterval(() => {}, 60_000)
  for await (const change of store.watch(key, { since })) {
    if (change.type === 'deleted') break
  }
  clearInterval(alive)
}
