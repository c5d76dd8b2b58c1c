import { createSecureServer, connect as connectHttp2 } from 'node:http2'
import { createServer, get } from 'node:https'
import type { AddressInfo } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import { type Authenticator, userInfo } from '@kube-authn/core'
import { authentication as forExpress, getUser } from '@kube-authn/express'
import { authentication as forHono } from '@kube-authn/hono'
import { authentication as forKoa } from '@kube-authn/koa'
import { tlsServerOptions } from '@kube-authn/node'
import { createPki, type IssuedCredential } from '@kube-authn/testing'
import express from 'express'
import { Hono } from 'hono'
import Koa from 'koa'
import { afterEach, describe, expect, it } from 'vitest'

const pki = await createPki()
const server = await pki.issueServer({ hosts: ['localhost'] })
const jane = await (await pki.issueIntermediate({ commonName: 'sub' })).issueClient({ commonName: 'jane' })
const options = tlsServerOptions({ cert: server.chainPem, key: server.privateKeyPem })

/** Knows a client by its certificates, without looking into them. */
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
const koaApp = new Koa().use(forKoa(byCertificates)).use((ctx) => {
  ctx.body = ctx.state['user'].username
})
const honoApp = new Hono().use(forHono(byCertificates)).get('/', (c) => c.text(c.var.user.username))

const apps: readonly { readonly name: string; readonly http: 1 | 2; readonly listener: Listener }[] = [
  { name: 'Express', http: 1, listener: expressApp },
  { name: 'Koa', http: 1, listener: koaApp.callback() },
  { name: 'Koa', http: 2, listener: koaApp.callback() },
  { name: 'Hono', http: 1, listener: getRequestListener(honoApp.fetch) },
  { name: 'Hono', http: 2, listener: getRequestListener(honoApp.fetch) },
]

const closing: (() => void)[] = []
afterEach(() => {
  for (const close of closing.splice(0)) close()
})

async function ask(
  http: 1 | 2,
  listener: Listener,
  client?: IssuedCredential,
): Promise<readonly [number, string]> {
  const listen = (request: unknown, response: unknown): void =>
    void listener(request as never, response as never)
  const listening = http === 1 ? createServer(options, listen) : createSecureServer(options, listen)
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve))
  closing.push(() => listening.close())
  const { port } = listening.address() as AddressInfo
  const credential = client === undefined ? {} : { cert: client.chainPem, key: client.privateKeyPem }
  const connecting = { rejectUnauthorized: false, ca: [], ...credential }
  return http === 1 ? askHttp1(port, connecting) : askHttp2(port, connecting)
}

function askHttp1(port: number, connecting: object): Promise<readonly [number, string]> {
  return new Promise((resolve, reject) => {
    get({ host: '127.0.0.1', port, agent: false, ...connecting }, (response) => {
      let text = ''
      response.on('data', (data: Buffer) => (text += data.toString()))
      response.on('end', () => resolve([response.statusCode ?? 0, text]))
    }).on('error', reject)
  })
}

function askHttp2(port: number, connecting: object): Promise<readonly [number, string]> {
  const session = connectHttp2(`https://127.0.0.1:${port}`, connecting)
  closing.push(() => session.close())
  return new Promise((resolve, reject) => {
    let text = ''
    let status = 0
    session.on('error', reject)
    session
      .request({ ':path': '/' })
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
