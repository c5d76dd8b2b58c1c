import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { request } from 'node:http'
import { connect } from 'node:net'
import { eventually, PATIENCE_MS } from './patience.mjs'

/**
 * Checks that need a real connection: repeated headers, non-ASCII bytes, and clients that disconnect.
 *
 * @param served the address of the runtime, and its expected facts: see `RUNTIMES`.
 */
export async function wireChecks(served) {
  const { port, exactHeaders = false, takesFirst = exactHeaders, facts } = served
  const ask = (path, ...headers) => answerOf(port, path, headers)
  const user = async (...asked) => (await ask(...asked)).user
  const jane = ['X-Remote-User', 'jane']

  const checks = {
    async 'a token is known, and the app does not see it'() {
      const { status, user: known, seen } = await ask('/tokens', ['Authorization', 'Bearer t'])
      assert.deepEqual([status, known?.username], [200, 'jane'])
      assert.ok(!seen.includes('authorization'))
    },

    async 'Authorization is not read from two headers'() {
      // Node drops the second one, and Go uses the first; if they were joined, it is not a credential.
      const bad = ['Authorization', 'Bearer x']
      const good = ['Authorization', 'Bearer t']
      assert.equal((await ask('/tokens', bad, good)).status, 401)
      assert.equal((await ask('/tokens', good, bad)).status, takesFirst ? 200 : 401)
    },

    async 'repeated groups of a proxy are kept apart, or refused'() {
      const repeated = ['/proxy', jane, ['X-Remote-Group', 'a'], ['X-Remote-Group', 'system:masters']]
      if (exactHeaders) {
        assert.deepEqual((await user(...repeated)).groups, ['a', 'system:masters', 'system:authenticated'])
      } else {
        assert.equal((await ask(...repeated)).status, 401)
      }
    },

    async 'a comma in a group of a proxy is part of it, or refused'() {
      const withComma = ['/proxy', jane, ['X-Remote-Group', 'a, system:masters']]
      if (exactHeaders) {
        assert.deepEqual((await user(...withComma)).groups, ['a, system:masters', 'system:authenticated'])
      } else {
        assert.equal((await ask(...withComma)).status, 401)
      }
    },

    async 'one group of a proxy is one group'() {
      const { groups } = await user('/proxy', jane, ['X-Remote-Group', 'ops'])
      assert.deepEqual(groups, ['ops', 'system:authenticated'])
    },

    async 'a name beyond ASCII, and an escaped key, arrive whole'() {
      const extra = ['X-Remote-Extra-Acme.com%2fproject', 'zürich €']
      const known = await user('/proxy', ['X-Remote-User', 'jäne€'], extra)
      assert.equal(known?.username, 'jäne€')
      assert.deepEqual(known.extra, { 'acme.com/project': ['zürich €'] })
    },

    async 'what differs from a header of the proxy in underscores only is refused'() {
      assert.equal((await ask('/proxy', jane, ['X_Remote_User', 'root'])).status, 401)
    },

    async 'repeated groups of an impersonation are asked for one by one'() {
      const clark = ['Authorization', 'Bearer c']
      const asked = ['/tokens', clark, ['Impersonate-User', 'jane'], ['Impersonate-Group', 'dev']]
      const { user: known, requester } = await ask(...asked, ['Impersonate-Group', 'ops'])
      assert.deepEqual([known?.groups, requester], [['dev', 'ops', 'system:authenticated'], 'clark'])
      assert.equal((await ask(...asked, ['Impersonate-Group', 'system:masters'])).status, 403)
    },

    async 'what Cloudflare says of a certificate counts on Cloudflare only'() {
      const told = { certPresented: '1', certVerified: 'SUCCESS', certRevoked: '0', certSubjectDN: 'CN=jane' }
      // Here this server simulates Cloudflare's edge; elsewhere it is an ordinary header.
      const header = ['CF-Blob', JSON.stringify({ tlsClientAuth: told })]
      const { status, user: known } = await ask('/cloudflare', header)
      const expected = { counts: [200, 'jane'], possible: [401, undefined], refused: [500, undefined] }
      assert.deepEqual([status, known?.username], expected[facts.cloudflare])
      assert.equal((await ask('/cloudflare')).status, facts.cloudflare === 'refused' ? 500 : 401)
    },
  }

  checks['a watch tells what another request writes'] = () => watchAndWrite(port)

  for (const [how, prefix] of [
    ['behind the adapter', ''],
    ['without it', '/plain'],
  ]) {
    checks[`a token is known although the client that made it be looked up went away, ${how}`] = async () => {
      const asked = [`${prefix}/slow-tokens`, ['Authorization', 'Bearer slow']]
      await goAway(port, ...asked)
      assert.equal((await ask(...asked)).status, 200)
    }

    checks[`passwords are checked although clients with others went away, ${how}`] = async () => {
      const basic = (password) => {
        const encoded = Buffer.from(`jane:${password}`).toString('base64')
        return [`${prefix}/slow-passwords`, ['Authorization', `Basic ${encoded}`]]
      }
      for (const password of ['a', 'b', 'c', 'd']) await goAway(port, ...basic(password))
      assert.equal((await ask(...basic('s3cret'))).status, 200)
      assert.equal((await ask(...basic('wrong'))).status, 401)
    }
  }

  const results = []
  for (const [name, check] of Object.entries(checks)) {
    results.push({ name: `over a connection: ${name}`, error: await problemOf(check) })
  }
  return results
}

async function watchAndWrite(port) {
  const path = `http://127.0.0.1:${port}/wire/kubernetes/api/v1/namespaces/default/configmaps`
  const signal = AbortSignal.timeout(PATIENCE_MS)
  const write = async (name) => {
    const headers = { 'content-type': 'application/json' }
    const body = JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name } })
    assert.equal((await fetch(path, { method: 'POST', headers, body, signal })).status, 201)
  }
  const list = await (await fetch(path, { signal })).json()
  const since = list.metadata.resourceVersion
  const watching = new AbortController()
  const watch = fetch(`${path}?watch=true&resourceVersion=${since}`, {
    signal: AbortSignal.any([signal, watching.signal]),
  })
  // Bun and Vercel's edge send the headers with the first event.
  await write('one')
  const lines = (await watch).body.pipeThrough(new TextDecoderStream()).getReader()
  const nextName = async () => {
    let line = ''
    while (!line.endsWith('\n')) line += (await lines.read()).value ?? '{}\n'
    const { type, object } = JSON.parse(line)
    return `${type} ${object?.metadata.name}`
  }
  assert.equal(await nextName(), 'ADDED one')
  await write('two')
  assert.equal(await nextName(), 'ADDED two')
  watching.abort()
  await lines.closed.catch(() => {})
  assert.equal((await fetch(path, { signal })).status, 200)
}

async function problemOf(check) {
  try {
    await check()
    return undefined
  } catch (error) {
    return error.stack
  }
}

/** Sends a request with exactly these headers, in UTF-8. */
function answerOf(port, path, headers) {
  return new Promise((resolve, reject) => {
    const raw = [['Host', 'app.example.com'], ['Connection', 'close'], ...headers].flatMap(
      ([name, value]) => [name, Buffer.from(value).toString('latin1')],
    )
    const options = { host: '127.0.0.1', port, path: `/wire${path}`, headers: raw, agent: false }
    const sent = request({ ...options, timeout: PATIENCE_MS }, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (part) => (text += part))
      response.on('end', () => {
        const isJson = response.headers['content-type']?.startsWith('application/json') === true
        resolve({ ...(isJson && JSON.parse(text)), status: response.statusCode, text })
      })
    })
    sent.on('timeout', () => sent.destroy(new Error('no answer in time')))
    sent.on('error', reject)
    sent.end()
  })
}

/** Sends a request, and disconnects before the response. */
async function goAway(port, path, ...headers) {
  const lines = [`GET /wire${path} HTTP/1.1`, 'Host: app.example.com']
  for (const [name, value] of headers) lines.push(`${name}: ${value}`)
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => {})
  const count = async (what) => Number(await (await fetch(`http://127.0.0.1:${port}/wire/${what}`)).text())
  const before = await count('arrivals')
  socket.write(`${lines.join('\r\n')}\r\n\r\n`)
  await eventually(
    () => count('arrivals'),
    (arrivals) => arrivals > before,
  )
  socket.resetAndDestroy()
  await count('departures')
}
