// A process with a store: it does what its parent asks, and tells it of every change from a revision on.
//
// Messages to it: { id, method, args }, { since }. From it: { isOpen }, { id, value }, { id, code, message }, { change }, { failure }.
import { setTimeout as pause } from 'node:timers/promises'

const [engine, url, name] = process.argv.slice(2)
/** All changes of a run are remembered, so that a watch always goes on. */
const history = { maxHistoryChanges: 10_000_000, historyLength: 1e9, timeoutSeconds: 2 }

const { maxHistoryChanges, historyLength } = history
const sqliteHistory = { maxHistoryChanges, historyLength }

const store = await opened()
process.on('message', (message) => {
  if ('since' in message) void watch(message.since)
  else void answer(message)
})
process.once('disconnect', () => process.exit())
process.send({ isOpen: true })

/** The engine may be away. */
async function opened() {
  for (;;) {
    try {
      return await open()
    } catch (error) {
      if (error?.code !== 'storeUnavailable') throw error
      await pause(200)
    }
  }
}

async function open() {
  if (engine === 'etcd') {
    const { etcdObjectStore } = await import('@kube-authn/store/etcd')
    return etcdObjectStore({ endpoints: [url], allowInsecureHttp: true, prefix: `/${name}/`, ...history })
  }
  if (engine === 'sqlite') {
    const { sqliteObjectStore } = await import('@kube-authn/store/sqlite')
    return sqliteObjectStore({ file: `${url}/${name}.db`, ...sqliteHistory })
  }
  const { postgresObjectStore } = await import('@kube-authn/store/postgres')
  return postgresObjectStore({ connectionString: url, schema: name, ...history })
}

async function answer({ id, method, args }) {
  try {
    process.send({ id, value: await store[method](...args) })
  } catch (error) {
    process.send({ id, code: String(error?.code), message: String(error) })
  }
}

async function watch(since) {
  let reached = since
  for (;;) {
    try {
      for await (const event of store.watch('/', { since: reached, maxWaiting: 1_000_000 })) {
        if (event.type === 'progress') continue
        reached = event.revision
        process.send({ change: event })
      }
      return
    } catch (error) {
      if (error?.code !== 'storeUnavailable') {
        process.send({ failure: String(error) })
        return
      }
      await pause(100)
    }
  }
}
