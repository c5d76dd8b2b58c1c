// Creates objects in a store in SQLite until the disk is full, and prints what happens then.
//
// usage: node store-filler.mjs FILE
import { sqliteObjectStore } from '../dist/sqlite.js'

let now = 1_000_000
const clock = { now: () => now, after: () => () => {} }
const store = await sqliteObjectStore({ file: process.argv[2], clock })
await store.create('/soon', '1', { ttlMs: 1000 })
const written = []
const failures = []
while (failures.length < 3) {
  const key = `/${written.length}`
  try {
    await store.create(key, 'x'.repeat(100_000))
    written.push(key)
  } catch ({ code, message, outcome }) {
    failures.push({ code, message, outcome })
  }
}
const keys = async () => (await store.list('')).objects.map(({ key }) => key)
const before = await keys()
now += 1000
const after = await keys()
const { revision } = await store.list('')
await store.close()
console.log(JSON.stringify({ written, failures, before, after, revision }))
