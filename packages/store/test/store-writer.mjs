// Creates objects in a store in SQLite, and prints the key of each that was acknowledged. A test ends it at any moment.
//
// usage: node store-writer.mjs FILE FIRST COUNT
import { writeSync } from 'node:fs'
import { sqliteObjectStore } from '../dist/sqlite.js'

const [file, first, count] = process.argv.slice(2)
const store = await sqliteObjectStore({ file })
const indexes = Array.from({ length: Number(count) }, (_, index) => Number(first) + index)
// Ten at a time, as requests of several clients.
await Promise.all(Array.from({ length: 10 }, write))
await store.close()

async function write() {
  for (let index = indexes.shift(); index !== undefined; index = indexes.shift()) {
    const key = `/registry/secrets/ns/${index}`
    const { revision } = await store.create(key, JSON.stringify({ index, text: 'x'.repeat(500) }))
    writeSync(1, `${JSON.stringify({ key, revision })}\n`)
  }
}
