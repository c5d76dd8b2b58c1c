import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Authenticator, authenticatorChain, type UserInfo } from '@kube-authn/core'
import { fetchRequest } from '@kube-authn/core/adapter'
import { dpop, type DpopOptions, storedProofs } from '@kube-authn/core/dpop'
import { localKeySet, oidc } from '@kube-authn/core/oidc'
import * as onExpress from '@kube-authn/express'
import * as onFastify from '@kube-authn/fastify'
import { withAuthentication } from '@kube-authn/fetch'
import * as onHono from '@kube-authn/hono'
import * as onKoa from '@kube-authn/koa'
import { createAuthenticator } from '@kube-authn/node'
import { introspection, protectedResource } from '@kube-authn/resource-server'
import { memoryObjectStore } from '@kube-authn/store'
import { createDpopClient, createIssuer, type DpopClient, type Issuer } from '@kube-authn/testing'
import express from 'express'
import { fastify } from 'fastify'
import { Hono } from 'hono'
import Koa from 'koa'
import mount from 'koa-mount'
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'

const BASE = 'https://api.example.com'
let issuer: Issuer
let client: DpopClient
let token: string

beforeAll(async () => {
  issuer = await createIssuer({ signingAlgorithms: ['ES256'] })
  client = await createDpopClient()
  token = await issuer.sign({ aud: 'api', sub: 'jane', cnf: { jkt: client.thumbprint } })
})

async function tokens(): Promise<ReturnType<typeof oidc>> {
  const keys = await (await issuer.fetch(issuer.jwksUri)).text()
  return oidc({ issuer: issuer.url, audience: 'api', usernamePrefix: '', keySet: localKeySet(keys) })
}

const chainWith = async (options: Partial<DpopOptions> = {}): Promise<Authenticator> =>
  authenticatorChain({ tokens: [await tokens()], dpop: dpop({ baseUrls: [BASE], ...options }) })

/** Sends a request to a path with a proof for a URL, and returns the status. */
type Send = (path: string, url: string) => Promise<number>

const headersFor = async (url: string): Promise<Headers> =>
  new Headers((await client.headers({ url, token })).map(([name, value]) => [name, value]))

async function listening(server: Server): Promise<Send> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  const { port } = server.address() as AddressInfo
  return async (path, url) =>
    (await fetch(`http://127.0.0.1:${port}${path}`, { headers: await headersFor(url) })).status
}

const end: RequestListener = (_req, res) => void res.end()
const log = false

/** Apps that authenticate below `/shop`, in each way that a framework has for that. */
const MOUNTED: Readonly<Record<string, (chain: Authenticator) => Promise<Send>>> = {
  'Express, app.use': async (chain) => {
    const app = express().use('/shop', onExpress.authentication(chain, { log }), end)
    return listening(createServer(app))
  },
  'Express, routers in routers': async (chain) => {
    const inner = express.Router().use('/orders', onExpress.authentication(chain, { log }), end)
    return listening(createServer(express().use('/shop', express.Router().use(inner))))
  },
  'Koa, koa-mount': async (chain) => {
    const app = new Koa().use(
      mount(
        '/shop',
        new Koa().use(onKoa.authentication(chain, { log })).use((ctx) => void (ctx.status = 200)),
      ),
    )
    const handle = app.callback()
    return listening(createServer((req, res) => void handle(req, res)))
  },
  'Fastify, a prefix': async (chain) => {
    const app = fastify()
    await app.register(
      async (scope) => {
        await scope.register(onFastify.authentication(chain, { log }))
        scope.all('/*', async () => '')
      },
      { prefix: '/shop' },
    )
    await app.ready()
    return listening(createServer((req, res) => app.routing(req, res)))
  },
  'Hono, a route': async (chain) => {
    const shop = new Hono().use(onHono.authentication(chain, { log })).all('*', (c) => c.text(''))
    const app = new Hono().route('/shop', shop)
    return async (path, url) =>
      (await app.request(`http://localhost${path}`, { headers: await headersFor(url) })).status
  },
  'a Fetch handler': async (chain) => {
    const handle = withAuthentication(chain, () => new Response(''), { log })
    return async (path, url) =>
      (await handle(new Request(`http://localhost${path}`, { headers: await headersFor(url) }))).status
  },
}

describe.each(Object.entries(MOUNTED))('%s', (_, make) => {
  it('compares a proof with the path that the client sent, not with what is left below a mount point', async () => {
    const send = await make(await chainWith())
    const path = '/shop/orders/caf%C3%A9?page=2'
    expect(await send(path, `${BASE}/shop/orders/caf%C3%A9`)).toBe(200)
    expect(await send(path, `${BASE}/shop/orders/caf%c3%a9#x`)).toBe(200)
    for (const other of [
      '/orders/caf%C3%A9',
      '/caf%C3%A9',
      '/',
      '/shop/orders',
      '/shop/shop/orders/caf%C3%A9',
    ]) {
      expect([other, await send(path, BASE + other)]).toEqual([other, 401])
    }
  })

  it('compares it with the URL of the client behind a proxy that removes a part of it', async () => {
    const send = await make(await chainWith({ baseUrls: ['https://example.com/eu/'] }))
    expect(await send('/shop/orders', 'https://example.com/eu/shop/orders')).toBe(200)
    expect(await send('/shop/orders', 'https://example.com/shop/orders')).toBe(401)
    expect(await send('/shop/orders', `${BASE}/shop/orders`)).toBe(401)
  })
})

describe('three replicas', () => {
  const request = async (url = `${BASE}/orders`) =>
    fetchRequest(new Request(url, { headers: await headersFor(url) }))
  const nameIn = async (chain: Authenticator, asked: Parameters<Authenticator['authenticate']>[0]) =>
    (await chain.authenticate(asked, {}))?.user.username

  it('with one store accept a proof once, wherever it is sent, at the same time too', async () => {
    const store = memoryObjectStore()
    const replicas = await Promise.all(
      [1, 2, 3].map(() => chainWith({ usedProofs: storedProofs({ store }) })),
    )
    for (let round = 0; round < 20; round++) {
      const asked = await request()
      const answers = await Promise.allSettled(
        [...replicas, ...replicas].map((chain) => nameIn(chain, asked)),
      )
      expect(answers.filter((each) => each.status === 'fulfilled').map(({ value }) => value)).toEqual([
        'jane',
      ])
      for (const chain of replicas) await expect(nameIn(chain, asked)).rejects.toThrow('used before')
    }
  })

  it('refuse requests while the store is away, as an outage', async () => {
    const store = { create: () => Promise.reject(new Error('away')) }
    const chain = await chainWith({ usedProofs: storedProofs({ store }) })
    await expect(nameIn(chain, await request())).rejects.toMatchObject({ code: 'unavailable' })
  })

  it('with one secret accept the nonces of each other', async () => {
    const shared = { nonceTtlSeconds: 300, nonceSecret: 'a secret of at least 32 characters' }
    const [first, second] = await Promise.all([chainWith(shared), chainWith(shared)])
    const app = withAuthentication(first ?? (await chainWith()), () => new Response(''), { log })
    const url = `${BASE}/orders`
    const { status, headers } = await app(new Request(url, { headers: await headersFor(url) }))
    expect([status, headers.get('www-authenticate')]).toEqual([
      401,
      expect.stringContaining('use_dpop_nonce'),
    ])
    const nonce = headers.get('dpop-nonce') ?? ''
    const sent = await client.headers({ url, token, nonce })
    const asked = fetchRequest(new Request(url, { headers: sent.map(([name, value]) => [name, value]) }))
    expect(await nameIn(second ?? (await chainWith()), asked)).toBe('jane')
  })
})

describe('a bound token', () => {
  it('passes with createAuthenticator and its cache of tokens', async () => {
    const authenticator = createAuthenticator({
      tokens: [await tokens()],
      tokenCache: { successTtlSeconds: 60 },
      dpop: dpop({ baseUrls: [BASE] }),
    })
    onTestFinished(() => authenticator.close())
    const handle = withAuthentication(
      authenticator,
      (_request, { user }: { readonly user: UserInfo }) => new Response(user.username),
      { log },
    )
    const url = `${BASE}/`
    for (let count = 0; count < 3; count++) {
      const response = await handle(new Request(url, { headers: await headersFor(url) }))
      expect([response.status, await response.text()]).toEqual([200, 'jane'])
    }
    const bearer = new Request(url, { headers: { authorization: `Bearer ${token}` } })
    expect((await handle(bearer)).status).toBe(401)
  })

  it('passes where the authorization server is asked about it', async () => {
    const opaque = introspection({
      url: 'https://issuer.example.com/introspect',
      issuer: 'https://issuer.example.com',
      audience: 'api',
      clientId: 'api',
      clientSecret: 'secret',
      usernamePrefix: '',
      fetch: async () =>
        Response.json({
          active: true,
          sub: 'jane',
          aud: 'api',
          token_type: 'DPoP',
          cnf: { jkt: client.thumbprint },
        }),
    })
    const chain = authenticatorChain({ tokens: [opaque], dpop: dpop({ baseUrls: [BASE] }) })
    const handle = withAuthentication(chain, () => new Response(''), { log })
    const url = `${BASE}/orders`
    expect((await handle(new Request(url, { headers: await headersFor(url) }))).status).toBe(200)
    expect((await handle(new Request(url, { headers: { authorization: `Bearer ${token}` } }))).status).toBe(
      401,
    )
  })

  it('is described in the metadata of the resource', () => {
    const { metadata } = protectedResource({
      resource: BASE,
      authorizationServers: [issuer.url],
      dpop: dpop({ baseUrls: [BASE], required: true, signingAlgorithms: ['ES256'] }),
      certificateBoundTokens: true,
    })
    expect(metadata).toMatchObject({
      dpop_signing_alg_values_supported: ['ES256'],
      dpop_bound_access_tokens_required: true,
      tls_client_certificate_bound_access_tokens: true,
    })
  })
})
