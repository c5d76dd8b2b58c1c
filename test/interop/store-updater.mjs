// Updates many large objects at once in a store in PostgreSQL, and stops itself before it can read the answer. Run by postgres-deadlines.interop.ts.
//
// usage: node store-updater.mjs URL SCHEMA TIMEOUT-SECONDS
import { setImmediate as nextTurn } from 'node:timers/promises'
import { postgresObjectStore } from '@kube-authn/store/postgres'

const [, , connectionString, schema, timeoutSeconds] = process.argv
const store = await postgresObjectStore({ connectionString, schema, timeoutSeconds: Number(timeoutSeconds) })
const { objects } = await store.list('/large/')
const updates = Promise.allSettled(
  objects.map(({ key, revision }) => store.update(key, 'small', revision, {})),
)
// The statement is sent in the first of them.
for (let turn = 0; turn < 3; turn++) await nextTurn()
console.log('sent')
process.kill(process.pid, 'SIGSTOP')
const outcomes = await updates
console.log(JSON.stringify(outcomes.map(({ reason }) => reason?.code ?? 'updated')))
await store.close()
