// The least that a process does that follows the objects of a store: it is told of each, parses it, and keeps one name in a Map. Each returns how many it was told.
import pg from 'pg'

/** Woken by `NOTIFY`, it reads the changes since the last one, once for all notifications that came meanwhile. */
export async function followPostgres(connectionString, schema) {
  const client = new pg.Client({ connectionString })
  await client.connect()
  const names = new Map()
  let { rows } = await client.query(`SELECT revision::float8 AS revision FROM ${schema}.store`)
  let [{ revision: since }] = rows
  let count = 0
  let isReading = false
  let isWoken = false
  const read = async () => {
    isWoken = true
    if (isReading) return
    isReading = true
    while (isWoken) {
      isWoken = false
      ;({ rows } = await client.query(
        `SELECT key, value, revision::float8 AS revision FROM ${schema}.change WHERE revision > $1 ORDER BY revision LIMIT 500`,
        [since],
      ))
      for (const { key, value, revision } of rows) {
        names.set(JSON.parse(value).spec.user, key)
        since = revision
        count++
      }
    }
    isReading = false
  }
  client.on('notification', () => void read())
  await client.query(`LISTEN ${schema}`)
  return () => count
}

/** One watch over the JSON gateway. */
export async function followEtcd(url, prefix) {
  const base64 = (text) => Buffer.from(text).toString('base64')
  const request = { key: base64(prefix), range_end: base64(`${prefix.slice(0, -1)}0`) }
  const response = await fetch(`${url}/v3/watch`, {
    method: 'POST',
    body: JSON.stringify({ create_request: request }),
  })
  const names = new Map()
  let count = 0
  const read = async () => {
    const decoder = new TextDecoder()
    let rest = ''
    for await (const chunk of response.body) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n')
      rest = lines.pop()
      for (const line of lines) {
        for (const { kv } of JSON.parse(line).result.events ?? []) {
          const text = Buffer.from(kv.value, 'base64').toString()
          names.set(JSON.parse(text.slice(text.indexOf('\n') + 1)).spec.user, kv.key)
          count++
        }
      }
    }
  }
  void read()
  return () => count
}
