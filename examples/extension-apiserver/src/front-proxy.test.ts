import { mkdtempSync, rmSync } from 'node:fs'
import type { IncomingMessage, RequestListener } from 'node:http'
import { type Server, createServer, request, type RequestOptions } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TLSSocket } from 'node:tls'
import { serviceAccountToken } from '@kube-authn/core/service-account'
import { tlsServerOptions, tokenFileAt } from '@kube-authn/node'
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Material } from '@kube-authn-example/material'
import { createCluster } from './cluster.ts'
import type { ApiService } from './front-proxy.ts'
import { prepareFiles, SERVICE_NAME } from './material.ts'
import { shopAccounts } from './service-accounts.ts'

/** A request that reached the server behind the proxy. */
interface Received {
  readonly method: string | undefined
  readonly url: string | undefined
  readonly rawHeaders: readonly string[]
  readonly proxy: unknown
  readonly body: string
}

const scratch = mkdtempSync(join(tmpdir(), 'front-proxy-'))
const received: Received[] = []
const servers: Server[] = []
const apiServices: ApiService[] = []
let material: Material
let port: number
let cartsToken: string

beforeAll(async () => {
  material = await prepareFiles(join(scratch, 'material'))
  const accounts = await shopAccounts()
  cartsToken = await accounts.token('shop', 'cart')
  const tokens = [tokenFileAt(material.path('tokens.csv')), serviceAccountToken(accounts)]
  port = await serve('cluster', createCluster({ material, tokens, apiServices }))
})
beforeEach(async () => {
  received.length = 0
  apiServices.length = 0
  apiServices.push(await behind())
})
afterAll(() => {
  for (const server of servers) server.close().closeAllConnections()
  rmSync(scratch, { recursive: true, force: true })
})

async function serve(name: 'cluster' | 'catalog' | 'ann', listener: RequestListener): Promise<number> {
  const credential = { cert: material.read(`${name}.crt`), key: material.read(`${name}.key`) }
  const server = createServer(tlsServerOptions(credential), listener)
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve))
  return (server.address() as AddressInfo).port
}

/** A server behind the proxy, which records its requests. */
async function behind(name: 'catalog' | 'cluster' = 'catalog'): Promise<ApiService> {
  return {
    group: 'shop.example.com',
    version: 'v1',
    serverName: SERVICE_NAME,
    caBundle: material.read('catalog-ca.crt'),
    port: await serve(name, (req, res) => {
      const proxy = (req.socket as TLSSocket).getPeerCertificate().subject?.CN
      void textOf(req).then((body) => {
        received.push({ method: req.method, url: req.url, rawHeaders: [...req.rawHeaders], proxy, body })
        res.writeHead(418).end('short and stout')
      })
    }),
  }
}

async function textOf(message: IncomingMessage): Promise<string> {
  let text = ''
  for await (const part of message) text += String(part)
  return text
}

function asAdmin(): RequestOptions {
  const [cert, key] = [material.read('admin.crt'), material.read('admin.key')]
  return { host: 'localhost', port, ca: material.read('ca.crt'), cert, key, agent: false }
}

/** Sends a request to the cluster, by default as the admin. */
async function ask(
  path: string,
  options: RequestOptions = {},
  body = '',
): Promise<readonly [number, string]> {
  return new Promise((resolve, reject) => {
    const sent = request({ ...asAdmin(), path, ...options }, (answer) => {
      textOf(answer).then((text) => resolve([answer.statusCode ?? 0, text]), reject)
    })
    sent.on('error', reject).end(body)
  })
}

/** The values of the headers about the user, in the order sent. */
function identity(): readonly string[] {
  const [{ rawHeaders } = { rawHeaders: [] }] = received
  return rawHeaders.flatMap((name, index) =>
    index % 2 === 0 && /^x.remote/i.test(name) ? [`${name}: ${rawHeaders[index + 1]}`] : [],
  )
}

const PRODUCTS = '/apis/shop.example.com/v1/products'

describe('the front proxy', () => {
  it('forwards a request with its own certificate, and returns the response', async () => {
    expect(await ask(`${PRODUCTS}?limit=5`, { method: 'PUT' }, 'tea')).toEqual([418, 'short and stout'])
    expect(received).toMatchObject([
      { method: 'PUT', url: `${PRODUCTS}?limit=5`, proxy: 'front-proxy-client', body: 'tea' },
    ])
  })

  it('sends the user with separate groups, and forwards no credential', async () => {
    await ask(PRODUCTS, { cert: '', key: '', headers: { Authorization: `Bearer ${cartsToken}` } })
    expect(identity()).toEqual([
      'X-Remote-User: system:serviceaccount:shop:cart',
      'X-Remote-Uid: 3f2504e0-4f89-41d3-9a0c-0305e82c3301',
      'X-Remote-Group: system:serviceaccounts',
      'X-Remote-Group: system:serviceaccounts:shop',
      'X-Remote-Group: system:authenticated',
      expect.stringMatching(
        /^X-Remote-Extra-authentication\.kubernetes\.io%2Fcredential-id: JTI=[0-9a-f-]{36}$/,
      ),
    ])
    expect(JSON.stringify(received)).not.toContain(cartsToken)
  })

  it('sends the impersonated user, whatever characters its name has', async () => {
    await ask(PRODUCTS, {
      headers: {
        'Impersonate-User': Buffer.from('jörg, 東').toString('latin1'),
        'Impersonate-Group': 'shoppers',
      },
    })
    expect(identity().map((line) => Buffer.from(line, 'latin1').toString())).toEqual([
      'X-Remote-User: jörg, 東',
      'X-Remote-Group: shoppers',
      'X-Remote-Group: system:authenticated',
    ])
    expect(JSON.stringify(received)).not.toMatch(/impersonate/i)
  })

  it.each([
    ['X-Remote-User', 'eve'],
    ['x-remote-group', 'eve'],
    ['X-Remote-Uid', 'eve'],
    ['X-Remote-Extra-eve', 'eve'],
    ['X_Remote_User', 'eve'],
    ['X-Remote_Group', 'eve'],
    ['Connection', 'X-Remote-User, X-Remote-Group'],
  ])('takes no %s from a client', async (name, value) => {
    await ask(PRODUCTS, { headers: { [name]: value } })
    expect(identity()).toEqual([
      'X-Remote-User: admin',
      'X-Remote-Group: system:masters',
      'X-Remote-Group: system:authenticated',
      expect.stringMatching(/credential-id: X509SHA256=[0-9a-f]{64}$/),
    ])
    expect(received[0]?.rawHeaders.join()).not.toMatch(/eve|X-Remote-User, /)
  })

  it('lets no client send a second request within the body of one', async () => {
    const smuggled = 'GET /smuggled HTTP/1.1\r\nHost: x\r\nX-Remote-User: eve\r\n\r\n'
    for (const headers of [
      { 'Transfer-Encoding': 'chunked' },
      { 'Content-Length': String(smuggled.length) },
    ]) {
      await ask(PRODUCTS, { method: 'GET', headers }, smuggled)
    }
    expect(received.map(({ url, body }) => [url, body])).toEqual([
      [PRODUCTS, smuggled],
      [PRODUCTS, smuggled],
    ])
  })

  it('aborts the forwarded request when the client disconnects during it', async () => {
    const [service] = apiServices
    if (service === undefined) throw new Error('no service')
    let isAborted = false
    const endless = await serve('catalog', (req) => {
      req.resume().once('close', () => (isAborted = !req.complete))
      client.destroy()
    })
    apiServices.splice(0, 1, { ...service, port: endless })
    const client = request({ ...asAdmin(), path: PRODUCTS, method: 'POST' })
    client.on('error', () => {}).write('tea')
    await vi.waitFor(() => expect(isAborted).toBe(true))
    apiServices.splice(0, 1, service)
    expect((await ask(PRODUCTS))[0]).toBe(418)
  })

  it.each([
    ['is not there', async () => ({ ...(await behind()), port: 1 })],
    ['has a certificate of another server', () => behind('cluster')],
    ['has another name', async () => ({ ...(await behind()), serverName: 'other.shop.svc' })],
  ])('answers 503 while the server %s, without details', async (_, service) => {
    apiServices.splice(0, 1, await service())
    const [status, body] = await ask(PRODUCTS)
    expect([status, JSON.parse(body)]).toMatchObject([
      503,
      { reason: 'ServiceUnavailable', message: 'service unavailable' },
    ])
    expect(received).toEqual([])
  })

  it('answers 404 for an API without a server', async () => {
    for (const path of ['/apis/shop.example.com/v2/products', '/apis/__proto__/v1/products', '/metrics']) {
      expect((await ask(path))[0]).toBe(404)
    }
  })
})
