import type { AddressInfo } from 'node:net'
import { serve, type ServerType } from '@hono/node-server'
import { authenticatorChain, ConfigurationError, type Observer } from '@kube-authn/core'
import { alwaysAllow, alwaysDeny } from '@kube-authn/core/authorization'
import { tokenFile } from '@kube-authn/core/token-file'
import { Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { authentication, impersonation } from './index.ts'
import { reviews, tokenReviewWebhook } from './reviews.ts'

const servers: ServerType[] = []
afterEach(() => {
  for (const server of servers.splice(0)) server.close()
})

async function listen(fetch: Parameters<typeof serve>[0]['fetch']): Promise<string> {
  const server = await new Promise<ServerType>((resolve) => {
    const starting = serve({ fetch, port: 0, hostname: '127.0.0.1' }, () => resolve(starting))
  })
  servers.push(server)
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const tokens = tokenFile('good,jane,1,"a,b"')
const chain = authenticatorChain({ tokens: [tokens] })
const SELF = '/apis/authentication.k8s.io/v1/selfsubjectreviews'
const TOKEN = '/apis/authentication.k8s.io/v1/tokenreviews'
const REVIEW = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', spec: { token: 'good' } }
const jane = { username: 'jane', uid: '1', groups: ['a', 'b'] }
const GOOD = { authorization: 'Bearer good' }

type App = Pick<Hono, 'fetch' | 'request'>
const ways: { way: string; ask: (app: App, path: string, init?: RequestInit) => Promise<Response> }[] = [
  { way: 'plain Fetch requests', ask: async (app, path, init) => app.request(path, init) },
  {
    way: '@hono/node-server',
    ask: async (app, path, init) => fetch((await listen(app.fetch)) + path, init),
  },
]

describe.each(ways)('reviews in Hono with $way', ({ ask }) => {
  const post = (
    app: App,
    path: string,
    body: unknown,
    headers: Record<string, string> = GOOD,
  ): Promise<Response> =>
    ask(app, path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    })

  const app = new Hono()
    .use(authentication(chain))
    .use(impersonation(alwaysAllow()))
    .use(reviews(alwaysAllow(), { tokens: [tokens] }))
    .all('*', (c) => c.json({ passed: true }))

  it('return the caller, in a response that is not cached', async () => {
    const response = await post(app, SELF, { tokn: 1 })
    expect([
      response.status,
      response.headers.get('content-type'),
      response.headers.get('cache-control'),
    ]).toEqual([201, 'application/json', 'no-cache, private'])
    expect(response.headers.get('warning')).toBe(String.raw`299 - "unknown field \"tokn\""`)
    expect(await response.json()).toMatchObject({ status: { userInfo: { username: 'jane' } } })
  })

  it('are about the impersonated user', async () => {
    const response = await post(app, SELF, {}, { ...GOOD, 'impersonate-user': 'bob' })
    expect(await response.json()).toMatchObject({ status: { userInfo: { username: 'bob' } } })
  })

  it('review tokens', async () => {
    const response = await post(app, TOKEN, REVIEW)
    expect([response.status, await response.json()]).toMatchObject([
      201,
      { status: { authenticated: true, user: jane } },
    ])
  })

  it('let everything else pass', async () => {
    expect(await (await post(app, '/other', {})).json()).toEqual({ passed: true })
  })

  it('answer a body that is too long', async () => {
    const limited = new Hono().use(authentication(chain)).use(reviews(alwaysAllow(), { maxBytes: 100 }))
    const response = await post(limited, SELF, 'x'.repeat(100_000))
    expect([response.status, await response.json()]).toMatchObject([413, { kind: 'Status' }])
  })

  it('answer a body that is too long and does not say so', async () => {
    const limited = new Hono().use(authentication(chain)).use(reviews(alwaysAllow(), { maxBytes: 100 }))
    let sent = 0
    const body = new ReadableStream({
      async pull(controller) {
        await new Promise(setImmediate)
        controller.enqueue(new Uint8Array(60))
        if (++sent === 10) controller.close()
      },
    })
    const init = { method: 'POST', headers: GOOD, body, duplex: 'half' } as RequestInit
    expect((await ask(limited, SELF, init)).status).toBe(413)
  })

  it('read the body behind the middleware of Hono that limits it', async () => {
    const limited = new Hono()
      .use(bodyLimit({ maxSize: 1000 }))
      .use(authentication(chain))
      .use(reviews(alwaysAllow()))
    expect((await post(limited, SELF, {})).status).toBe(201)
  })

  it('report a body that was already read', async () => {
    const greedy = new Hono()
      .use(authentication(chain))
      .use(async (c, next) => {
        await c.req.raw.text()
        await next()
      })
      .use(reviews(alwaysAllow()))
    expect((await post(greedy, SELF, {})).status).toBe(500)
  })

  it('ask the authorizer who may ask', async () => {
    const closed = new Hono().use(authentication(chain)).use(reviews(alwaysDeny(), { tokens: [tokens] }))
    expect((await post(closed, TOKEN, REVIEW)).status).toBe(403)
    expect((await post(closed, SELF, {})).status).toBe(201)
  })

  it('are for the webhook at its path, and nowhere else', async () => {
    const webhook = new Hono().use('/authenticate', tokenReviewWebhook([tokens], { callers: 'anyone' }))
    const response = await post(webhook, '/authenticate?timeout=30s', REVIEW, {})
    expect([response.status, await response.json()]).toMatchObject([
      200,
      { ...REVIEW, spec: {}, status: { authenticated: true, user: jane } },
    ])
    expect((await ask(webhook, '/authenticate')).status).toBe(405)
    expect((await ask(webhook, '/', { method: 'POST' })).status).toBe(404)
  })

  it('are for callers that the webhook knows, where it is told to ask, and the observer is told', async () => {
    const observer = vi.fn<Observer>()
    const callers = authenticatorChain({ tokens: [tokenFile('caller,kube-apiserver,1')] })
    const webhook = new Hono().use(tokenReviewWebhook([tokens], { callers, observer }))
    const as = (token: string) => post(webhook, '/', REVIEW, { authorization: `Bearer ${token}` })
    const known = await as('caller')
    expect([known.status, await known.json()]).toMatchObject([200, { status: { authenticated: true } }])
    expect((await as('good')).status).toBe(401)
    const statuses = observer.mock.calls.flatMap(([event]) => (event.type === 'response' ? event.status : []))
    expect(statuses).toEqual([200, 401])
  })
})

it('is refused at once where it cannot work', () => {
  expect(() => tokenReviewWebhook([], { callers: 'anyone' })).toThrow('tokens')
  expect(() => tokenReviewWebhook([tokens], {} as never)).toThrow('callers: is required')
  expect(() => tokenReviewWebhook([tokens], undefined as never)).toThrow('callers: is required')
  expect(() => tokenReviewWebhook([tokens], { callers: 'everyone' as never })).toThrow('callers')
  expect(() => tokenReviewWebhook([tokens], { callers: null as never })).toThrow(ConfigurationError)
  expect(() => reviews(undefined as never)).toThrow(ConfigurationError)
})
