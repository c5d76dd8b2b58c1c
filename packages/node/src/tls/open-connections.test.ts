import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { type ClientHttp2Session, connect, createSecureServer, type Http2ServerRequest } from 'node:http2'
import type { IncomingMessage } from 'node:http'
import { Agent, createServer, request } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Server } from 'node:tls'
import { authenticateRequest, incomingMessageRequest } from '@kube-authn/core/adapter'
import { createPki, fixedClock, type IssuedCredential } from '@kube-authn/testing'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createAuthenticator, type CreateAuthenticatorOptions, tlsServerOptions } from '../index.ts'

const HOUR_MS = 3_600_000

const pki = await createPki()
const other = await createPki()
const { chainPem, privateKeyPem } = await pki.issueServer({ hosts: ['localhost'] })
const jane = await pki.issueClient({ commonName: 'jane' })
const jim = await other.issueClient({ commonName: 'jim' })
const shortLived = await pki.issueClient({ commonName: 'jane', notAfter: new Date(Date.now() + HOUR_MS) })

/** A client with one persistent connection. Returns the user, or the status of the refusal. */
type Ask = () => Promise<string>

/** A server that counts its connections, and clients of it. */
interface Listening {
  readonly connections: () => number
  client(credential: IssuedCredential): Ask
}

let folder: string
let bundle: string
const cleanUp: (() => void)[] = []

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'open-connections-'))
  bundle = join(folder, 'ca.crt')
  writeFileSync(bundle, pki.caPem + other.caPem)
})
afterEach(() => {
  for (const each of cleanUp.splice(0).toReversed()) each()
  rmSync(folder, { recursive: true, force: true })
})

type Application = (message: IncomingMessage | Http2ServerRequest) => Promise<string>

function application(options: CreateAuthenticatorOptions): Application {
  const authenticator = createAuthenticator(options)
  cleanUp.push(() => authenticator.close())
  const authenticate = authenticateRequest(authenticator)
  return async (message) => {
    const outcome = await authenticate(incomingMessageRequest(message))
    return 'failure' in outcome ? String(outcome.failure.status) : outcome.authentication.user.username
  }
}

async function overHttp1(answer: Application): Promise<Listening> {
  const server = createServer(
    tlsServerOptions({ cert: chainPem, key: privateKeyPem }),
    (message, response) => void answer(message).then((text) => response.end(text)),
  )
  const { connections, port } = await listen(server)
  return {
    connections,
    client({ chainPem: cert, privateKeyPem: key }) {
      const agent = new Agent({ keepAlive: true, maxSockets: 1, cert, key, ca: pki.caPem })
      cleanUp.push(() => agent.destroy())
      return () =>
        new Promise((resolve, reject) => {
          request({ host: 'localhost', port, agent }, (response) => {
            let text = ''
            response.on('data', (data) => (text += String(data)))
            response.on('end', () => resolve(text))
          })
            .on('error', reject)
            .end()
        })
    },
  }
}

async function overHttp2(answer: Application): Promise<Listening> {
  const server = createSecureServer(
    tlsServerOptions({ cert: chainPem, key: privateKeyPem }),
    (message, response) => void answer(message).then((text) => response.end(text)),
  )
  const { connections, port } = await listen(server)
  return {
    connections,
    client({ chainPem: cert, privateKeyPem: key }) {
      const session: ClientHttp2Session = connect(`https://localhost:${port}`, { cert, key, ca: pki.caPem })
      cleanUp.push(() => session.destroy())
      return () =>
        new Promise((resolve, reject) => {
          const stream = session.request({ ':path': '/' })
          let text = ''
          stream.on('data', (data) => (text += String(data)))
          stream.on('end', () => resolve(text)).on('error', reject)
          stream.end()
        })
    },
  }
}

async function listen(
  server: Server,
): Promise<{ readonly connections: () => number; readonly port: number }> {
  let count = 0
  server.on('secureConnection', () => count++)
  cleanUp.push(() => server.close())
  await new Promise<void>((resolve) => void server.listen(0, 'localhost', resolve))
  return { connections: () => count, port: (server.address() as AddressInfo).port }
}

describe.each([
  { version: 'HTTP/1', over: overHttp1 },
  { version: 'HTTP/2', over: overHttp2 },
])('on a connection of $version that stays open', ({ over }) => {
  const settle = { settleSeconds: 0.02 }

  it('refuses the next request after the CA was removed from the bundle, and none of another CA', async () => {
    const { client, connections } = await over(application({ clientCAFile: { path: bundle, ...settle } }))
    const [askAsJane, askAsJim] = [client(jane), client(jim)]
    expect([await askAsJane(), await askAsJane(), await askAsJim()]).toEqual(['jane', 'jane', 'jim'])
    writeFileSync(bundle, other.caPem)
    await vi.waitFor(async () => expect(await askAsJane()).toBe('401'))
    expect([await askAsJane(), await askAsJim()]).toEqual(['401', 'jim'])
    expect(connections()).toBe(2)
  })

  it('knows who was refused as soon as the CA is in the bundle', async () => {
    writeFileSync(bundle, other.caPem)
    const { client, connections } = await over(application({ clientCAFile: { path: bundle, ...settle } }))
    const ask = client(jane)
    expect([await ask(), await ask()]).toEqual(['401', '401'])
    writeFileSync(bundle, pki.caPem)
    await vi.waitFor(async () => expect(await ask()).toBe('jane'))
    expect(connections()).toBe(1)
  })

  it.each([
    { what: 'is empty', content: '' },
    { what: 'has no certificate', content: 'soon\n' },
    { what: 'is cut off', content: pki.caPem.slice(0, 200) },
  ])('changes nothing while the new bundle $what', async ({ content }) => {
    const events: string[] = []
    const { client, connections } = await over(
      application({
        clientCAFile: { path: bundle, ...settle },
        observer: (event) => event.type === 'reload' && events.push(event.outcome),
      }),
    )
    const ask = client(jane)
    expect(await ask()).toBe('jane')
    writeFileSync(bundle, content)
    await vi.waitFor(() => expect(events).toEqual(['failed']))
    expect([await ask(), connections()]).toEqual(['jane', 1])
  })

  it('refuses a certificate from the moment it expires, however often it was accepted before', async () => {
    const clock = fixedClock(Date.now())
    const { client, connections } = await over(application({ clientCAFile: bundle, clock }))
    const [ask, askAsJane] = [client(shortLived), client(jane)]
    expect([await ask(), await ask(), await askAsJane()]).toEqual(['jane', 'jane', 'jane'])
    clock.advance(HOUR_MS - 60_000)
    expect(await ask()).toBe('jane')
    clock.advance(120_000)
    expect([await ask(), await ask(), await askAsJane()]).toEqual(['401', '401', 'jane'])
    expect(connections()).toBe(2)
  })

  it('refuses all users of a CA from the moment the CA expires', async () => {
    const clock = fixedClock(Date.now())
    const brief = await createPki({ notAfter: new Date(clock.now() + HOUR_MS) })
    writeFileSync(bundle, brief.caPem)
    const { client, connections } = await over(application({ clientCAFile: bundle, clock }))
    const ask = client(await brief.issueClient({ commonName: 'joe' }))
    expect([await ask(), await ask()]).toEqual(['joe', 'joe'])
    clock.advance(HOUR_MS + 60_000)
    expect([await ask(), connections()]).toEqual(['401', 1])
  })
})
