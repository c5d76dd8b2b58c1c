import { createHash } from 'node:crypto'
import { createSecureServer, connect as connectHttp2 } from 'node:http2'
import type { OutgoingHttpHeaders } from 'node:http'
import { createServer, get } from 'node:https'
import type { AddressInfo } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import { type Authenticator, bearerToken, userInfo } from '@kube-authn/core'
import { oidc } from '@kube-authn/core/oidc'
import { cached } from '@kube-authn/core/remote'
import { authentication as forExpress, getUser } from '@kube-authn/express'
import { authentication as forHono } from '@kube-authn/hono'
import { authentication as forKoa } from '@kube-authn/koa'
import { tlsServerOptions } from '@kube-authn/node'
import { createIssuer, createPki, type IssuedCredential } from '@kube-authn/testing'
import express from 'express'
import { Hono } from 'hono'
import Koa from 'koa'
import { afterEach, describe, expect, it } from 'vitest'

const pki = await createPki()
const server = await pki.issueServer({ hosts: ['localhost'] })
const jane = await (await pki.issueIntermediate({ commonName: 'sub' })).issueClient({ commonName: 'jane' })
const options = tlsServerOptions({ cert: server.chainPem, key: server.privateKeyPem })

/** Authenticates a client by its certificates, without parsing them. */
const byCertificates: Authenticator = {
  name: 'byCertificates',
  credentials: { schemes: [], peerCertificates: true },
  authenticate(request) {
    const chain = request.peerCertificates?.() ?? []
    if (chain.length === 0) return undefined
    return { user: userInfo({ username: chain.map((der) => Buffer.from(der).toString('hex')).join() }) }
  },
}
const usernameOfJane = jane.chainDer.map((der) => Buffer.from(der).toString('hex')).join()

type Listener = (request: never, response: never) => unknown

const expressApp = express()
  .use(forExpress(byCertificates))
  .get('/', (req, res) => void res.send(getUser(req).username))

const apps: readonly { readonly name: string; readonly http: 1 | 2; readonly listener: Listener }[] = [
  { name: 'Express', http: 1, listener: expressApp },
  { name: 'Koa', http: 1, listener: koaOf(byCertificates) },
  { name: 'Koa', http: 2, listener: koaOf(byCertificates) },
  { name: 'Hono', http: 1, listener: honoOf(byCertificates) },
  { name: 'Hono', http: 2, listener: honoOf(byCertificates) },
]

const closing: (() => void)[] = []
afterEach(() => {
  for (const close of closing.splice(0)) close()
})

async function ask(
  http: 1 | 2,
  listener: Listener,
  client?: IssuedCredential,
  sent: Readonly<Record<string, string>> = {},
): Promise<readonly [number, string]> {
  const listen = (request: unknown, response: unknown): void =>
    void listener(request as never, response as never)
  const listening = http === 1 ? createServer(options, listen) : createSecureServer(options, listen)
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve))
  closing.push(() => listening.close())
  const { port } = listening.address() as AddressInfo
  const credential = client === undefined ? {} : { cert: client.chainPem, key: client.privateKeyPem }
  const connecting = { rejectUnauthorized: false, ca: [], ...credential }
  return http === 1 ? askHttp1(port, connecting, sent) : askHttp2(port, connecting, sent)
}

function askHttp1(
  port: number,
  connecting: object,
  sent: OutgoingHttpHeaders,
): Promise<readonly [number, string]> {
  return new Promise((resolve, reject) => {
    get({ host: '127.0.0.1', port, agent: false, headers: sent, ...connecting }, (response) => {
      let text = ''
      response.on('data', (data: Buffer) => (text += data.toString()))
      response.on('end', () => resolve([response.statusCode ?? 0, text]))
    }).on('error', reject)
  })
}

function askHttp2(
  port: number,
  connecting: object,
  sent: OutgoingHttpHeaders,
): Promise<readonly [number, string]> {
  const session = connectHttp2(`https://127.0.0.1:${port}`, connecting)
  closing.push(() => session.close())
  return new Promise((resolve, reject) => {
    let text = ''
    let status = 0
    session.on('error', reject)
    session
      .request({ ':path': '/', ...sent })
      .on('error', reject)
      .on('response', (headers) => (status = headers[':status'] ?? 0))
      .on('data', (data: Buffer) => (text += data.toString()))
      .on('end', () => resolve([status, text]))
  })
}

describe.each(apps)('$name over TLS with HTTP/$http', ({ http, listener }) => {
  it('shows authenticators the certificates of a client, intermediates included', async () => {
    expect(await ask(http, listener, jane)).toEqual([200, usernameOfJane])
  })

  it('refuses a client without a certificate', async () => {
    const [status, text] = await ask(http, listener)
    expect(status).toBe(401)
    expect(JSON.parse(text)).toMatchObject({ kind: 'Status', reason: 'Unauthorized' })
  })
})

const issuer = await createIssuer({ signingAlgorithms: ['ES256'] })
const tokens = cached(
  oidc({
    issuer: issuer.url,
    audience: 'my-app',
    usernamePrefix: '',
    fetch: issuer.fetch,
  }),
)
const boundTo = ({ chainDer: [leaf = new Uint8Array()] }: IssuedCredential): Promise<string> => {
  const cnf = { 'x5t#S256': createHash('sha256').update(leaf).digest('base64url') }
  return issuer.sign({ aud: 'my-app', sub: 'jane', cnf })
}

describe.each([
  [
    'Express',
    1,
    express()
      .use(forExpress(bearerToken(tokens)))
      .get('/', (req, res) => void res.send(getUser(req).username)),
  ],
  ['Koa', 1, koaOf(bearerToken(tokens))],
  ['Koa', 2, koaOf(bearerToken(tokens))],
  ['Hono', 1, honoOf(bearerToken(tokens))],
  ['Hono', 2, honoOf(bearerToken(tokens))],
] as const)('a token that is bound to a certificate, in %s over TLS with HTTP/%i', (_, http, listener) => {
  it('is accepted on connections with that certificate, by whomever it is signed, and refused on all others', async () => {
    const other = await pki.issueClient({ commonName: 'jane' })
    const headers = { authorization: `Bearer ${await boundTo(jane)}` }
    for (const [client, status] of [
      [other, 401],
      [jane, 200],
      [undefined, 401],
      [jane, 200],
      [other, 401],
    ] as const) {
      expect(await ask(http, listener, client, headers)).toMatchObject(
        status === 200 ? [200, 'jane'] : [status, expect.stringContaining('Unauthorized')],
      )
    }
  })
})

function koaOf(authenticator: Authenticator): Listener {
  const app = new Koa().use(forKoa(authenticator)).use((ctx) => {
    ctx.body = ctx.state['user'].username
  })
  return app.callback()
}

function honoOf(authenticator: Authenticator): Listener {
  const app = new Hono().use(forHono(authenticator)).get('/', (c) => c.text(c.var.user.username))
  return getRequestListener(app.fetch)
}
