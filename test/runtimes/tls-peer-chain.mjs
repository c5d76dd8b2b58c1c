// The client certificates that a server sees, over real TLS connections, with the built packages: in HTTP/1 and HTTP/2, TLS 1.2 and 1.3, full and
// resumed handshakes. Plain JavaScript without a test runner, so that every runtime can run it.
//
// usage: node test/runtimes/tls-peer-chain.mjs     (also: deno run -A, bun)
import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import http2 from 'node:http2'
import https from 'node:https'
import tls from 'node:tls'
import { incomingMessageRequest, requirePeerCertificates } from '@kube-authn/core/adapter'
import { tlsServerOptions } from '@kube-authn/node'
import { createPki } from '@kube-authn/testing'
import { check, end } from './lib/counted.mjs'

const runtime =
  'Bun' in globalThis
    ? `bun ${process.versions.bun}`
    : 'Deno' in globalThis
      ? `deno ${globalThis.Deno.version.deno}`
      : `node ${process.versions.node}`

const root = await createPki({ commonName: 'root' })
const intermediate = await (
  await root.issueIntermediate({ commonName: 'first' })
).issueIntermediate({ commonName: 'second' })
const server = await root.issueServer({ hosts: ['localhost'] })
const clients = {
  leaf: await root.issueClient({ commonName: 'leaf' }),
  chain: await intermediate.issueClient({ commonName: 'chain' }),
  rsa: await (await createPki({ algorithm: 'RSA-2048' })).issueClient({ commonName: 'rsa' }),
  expired: await intermediate.issueClient({ commonName: 'expired', wrong: 'expired' }),
  stranger: await root.issueClient({ commonName: 'stranger', wrong: 'selfSigned' }),
}

const ours = tlsServerOptions({ cert: server.chainPem, key: server.privateKeyPem })
/** A server without tlsServerOptions: sessions are resumed, and no CA is trusted. */
const resuming = {
  cert: server.chainPem,
  key: server.privateKeyPem,
  requestCert: true,
  rejectUnauthorized: false,
  ca: [],
}
/** The same with a TLS context that trusts the clients' CA. */
const trusting = { ...resuming, ca: root.caPem }

const notes = new Set()

if ('Bun' in globalThis) {
  await check('a chain that needs client certificates is refused when it is made', async () => {
    const authenticator = {
      name: 'x509',
      credentials: { schemes: [], peerCertificates: true },
      authenticate: () => undefined,
    }
    assert.throws(() => requirePeerCertificates(authenticator), /do not provide them/)
  })
  await check(
    'HTTP/1: a TLS connection whose certificates cannot be read is no connection without any',
    async () => {
      const { answers } = await connections('HTTP/1', 'TLSv1.3', ours, [clients.leaf])
      assert.match(String(answers[0]?.error), /does not provide the certificates/)
    },
  )
}

for (const http of 'Bun' in globalThis ? ['HTTP/2'] : ['HTTP/1', 'HTTP/2']) {
  for (const version of ['TLSv1.2', 'TLSv1.3']) {
    await checkProtocol(http, version)
  }
}

console.log(`${runtime}, openssl ${process.versions.openssl ?? 'none'}`)
for (const note of notes) console.log(`note: ${note}`)
end()

async function checkProtocol(http, version) {
  const where = `${http}, ${version}`

  await check(`${where}: a client without a certificate has none`, async () => {
    const { answers } = await connections(http, version, ours, [undefined])
    assertChain(answers[0], [])
  })

  for (const [name, client] of Object.entries(clients)) {
    await check(`${where}: the certificates are those presented: ${name}`, async () => {
      const { answers } = await connections(http, version, ours, [client])
      assertChain(answers[0], client.chainDer)
    })
  }

  await check(
    `${where}: they are read once for a connection, and are the same for each of its requests`,
    async () => {
      const { answers } = await connections(http, version, ours, [clients.chain], { requests: 3 })
      assert.equal(answers.length, 3)
      assert.ok(answers.every(({ chain }) => chain === answers[0].chain))
      assert.ok(Object.isFrozen(answers[0].chain))
    },
  )

  await check(`${where}: no session is resumed with our options, and every chain is whole`, async () => {
    const { answers } = await connections(http, version, ours, [clients.chain, clients.chain])
    assert.deepEqual(
      answers.map(({ isReused }) => isReused),
      [false, false],
    )
    for (const answer of answers) assertChain(answer, clients.chain.chainDer)
  })

  await check(`${where}: the TLS context with our options trusts no CA`, async () => {
    const { answers } = await connections(http, version, ours, [clients.chain, clients.leaf])
    assert.ok(answers.every(({ authorized }) => !authorized))
  })

  for (const [how, options] of Object.entries({
    'no CA is trusted': resuming,
    'the authority is trusted': trusting,
  })) {
    await check(`${where}: a resumed session without a certificate has none (${how})`, async () => {
      const { answers } = await connections(http, version, options, [undefined, undefined])
      noteResumption(where, answers[1])
      if (answers[1].authorized) notes.add(`${where}: socket.authorized is true without a certificate`)
      for (const answer of answers) assertChain(answer, [])
    })

    await check(
      `${where}: a client that resumes another's session gets what that one presented (${how})`,
      async () => {
        const { answers } = await connections(http, version, options, [undefined, clients.leaf])
        // A context that trusts the CA may append it.
        const leaves = answers[1].chain.slice(0, 1)
        assertChain({ chain: leaves }, answers[1].isReused ? [] : clients.leaf.chainDer)
      },
    )

    await check(`${where}: a resumed session with a certificate has it (${how})`, async () => {
      const { answers } = await connections(http, version, options, [clients.leaf, clients.leaf])
      noteResumption(where, answers[1])
      for (const answer of answers) assert.deepEqual(answer.chain?.[0], clients.leaf.certificateDer)
    })
  }

  await check(`${where}: a resumed session has the intermediates of its full handshake`, async () => {
    const { answers } = await connections(http, version, resuming, [
      clients.chain,
      clients.chain,
      clients.chain,
    ])
    noteResumption(where, answers[2])
    for (const answer of answers) assertChain(answer, clients.chain.chainDer)
  })

  await check(`${where}: a stranger's resumed session is still the stranger's`, async () => {
    const { answers } = await connections(http, version, resuming, [clients.stranger, clients.stranger])
    for (const answer of answers) assertChain(answer, clients.stranger.chainDer)
  })

  await check(`${where}: where the context trusts the client, the leaf is there at least`, async () => {
    const { answers } = await connections(http, version, trusting, [clients.chain])
    assert.deepEqual(answers[0].chain?.[0], clients.chain.certificateDer)
    const all = clients.chain.chainDer.length
    if (answers[0].chain.length < all)
      notes.add(`${where}: a client that the context trusts loses its intermediates`)
  })

  await check(`${where}: a connection that is gone is no connection without a certificate`, async () => {
    const { late } = await connections(http, version, ours, [clients.leaf], { isLate: true })
    assert.equal(late.length, 1)
    assert.throws(late[0], { name: 'AuthenticationError', code: 'unavailable' })
  })

  // Not in HTTP/2, where a client that tries makes its own process abort (Node 20 to 26).
  if (http === 'HTTP/1' && version === 'TLSv1.2' && runtime.startsWith('node')) {
    await check(`${where}: renegotiation is refused with our options`, async () => {
      const { renegotiation } = await connections(http, version, ours, [clients.leaf], { renegotiates: true })
      assert.match(String(renegotiation), /no.renegotiation|ECONNRESET|closed/i)
    })
  }
}

/** Connects once per client, in turn, offering the last session to resume; each sends requests. */
async function connections(
  http,
  version,
  options,
  inTurn,
  { requests = 1, isLate = false, renegotiates = false } = {},
) {
  const answers = []
  const late = []
  let hasClosed
  const closed = new Promise((resolve) => (hasClosed = resolve))
  const listener = (req, res) => {
    if (isLate) {
      const connection = req.stream?.session ?? req.socket
      connection.once('close', () => {
        late.push(() => incomingMessageRequest(req).peerCertificates())
        hasClosed()
      })
      connection.destroy()
      return
    }
    answers.push(answerTo(req))
    res.end('ok')
  }
  const settings = { ...options, minVersion: version, maxVersion: version }
  const listening =
    http === 'HTTP/2' ? http2.createSecureServer(settings, listener) : https.createServer(settings, listener)
  listening.on('sessionError', () => {})
  await new Promise((resolve) => listening.listen(0, '127.0.0.1', resolve))
  const { port } = listening.address()
  let session
  const keepSession = (fresh) => {
    session = fresh
  }
  let renegotiation
  for (const client of inTurn) {
    const socket = tls.connect({
      port,
      host: '127.0.0.1',
      servername: 'localhost',
      // A client also sends the CAs that it trusts, so this one trusts none: it only sends the given certificates.
      ca: [],
      rejectUnauthorized: false,
      ALPNProtocols: [http === 'HTTP/2' ? 'h2' : 'http/1.1'],
      ...(client !== undefined && { cert: client.chainPem, key: client.privateKeyPem }),
      ...(session !== undefined && { session }),
    })
    socket.on('session', keepSession)
    socket.on('error', () => {})
    await new Promise((resolve, reject) => socket.once('secureConnect', resolve).once('error', reject))
    const ask = http === 'HTTP/2' ? askHttp2 : askHttp1
    await ask(socket, requests, isLate)
    if (renegotiates) {
      renegotiation = await new Promise((resolve) => {
        socket.once('error', resolve).once('close', () => resolve('closed'))
        socket.renegotiate({ rejectUnauthorized: false }, (error) => resolve(error ?? 'renegotiated'))
      })
    }
    socket.destroy()
  }
  if (isLate) await closed
  listening.close()
  return { answers, late, renegotiation }
}

function answerTo(req) {
  const socket = req.stream?.session?.socket ?? req.socket
  const facts = { isReused: socket.isSessionReused?.() === true, authorized: socket.authorized === true }
  try {
    return { ...facts, chain: incomingMessageRequest(req).peerCertificates() }
  } catch (error) {
    return { ...facts, error }
  }
}

async function askHttp1(socket, requests, isLate) {
  for (let count = 0; count < requests; count++) {
    await new Promise((resolve) => {
      socket.once(isLate ? 'close' : 'data', resolve)
      socket.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')
    })
  }
}

async function askHttp2(socket, requests, isLate) {
  const session = http2.connect('https://localhost', { createConnection: () => socket })
  session.on('error', () => {})
  for (let count = 0; count < requests; count++) {
    await new Promise((resolve) => {
      const stream = session.request({ ':path': '/' })
      stream.on('error', resolve)
      stream.on(isLate ? 'close' : 'end', resolve)
      stream.resume()
    })
  }
}

function assertChain({ chain, error }, expected) {
  if (error !== undefined) throw error
  // Compared as strings, for readable differences.
  assert.deepEqual(chain.map(hex), expected.map(hex))
}

function hex(bytes) {
  return Buffer.from(bytes).toString('hex').slice(-24)
}

function noteResumption(where, { isReused }) {
  if (!isReused) notes.add(`${where}: this runtime resumed no session`)
}
