import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer, json } from 'node:stream/consumers'
import { authenticatorChain, ConfigurationError, type Observer } from '@kube-authn/core'
import { alwaysAllow, alwaysDeny } from '@kube-authn/core/authorization'
import { tokenFile } from '@kube-authn/core/token-file'
import Koa, { type Middleware } from 'koa'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { authentication, impersonation } from './index.ts'
import { reviews, tokenReviewWebhook } from './reviews.ts'

const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) server.close()
})

async function listen(app: Koa): Promise<string> {
  const server = app.listen(0, '127.0.0.1')
  servers.push(server)
  await new Promise((resolve) => server.once('listening', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const tokens = tokenFile('good,jane,1,"a,b"')
const chain = authenticatorChain({ tokens: [tokens] })
const SELF = '/apis/authentication.k8s.io/v1/selfsubjectreviews'
const TOKEN = '/apis/authentication.k8s.io/v1/tokenreviews'
const REVIEW = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', spec: { token: 'good' } }
const jane = { username: 'jane', uid: '1', groups: ['a', 'b'] }

async function post(
  url: string,
  body: unknown,
  headers: Record<string, string> = { authorization: 'Bearer good' },
): Promise<{ readonly status: number; readonly object: unknown; readonly headers: Headers }> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  })
  return { status: response.status, object: await response.json(), headers: response.headers }
}

describe('reviews in Koa', () => {
  const appWith = (...middlewares: readonly Middleware[]): Koa => {
    const app = new Koa()
    app.silent = true
    for (const middleware of middlewares) app.use(middleware)
    app
      .use(authentication(chain))
      .use(impersonation(alwaysAllow()))
      .use(reviews(alwaysAllow(), { tokens: [tokens] }))
      .use((ctx) => {
        ctx.body = { passed: true }
      })
    return app
  }

  it('return the caller, in a response that is not cached', async () => {
    const { status, object, headers } = await post((await listen(appWith())) + SELF, { tokn: 1 })
    expect([status, headers.get('content-type'), headers.get('cache-control')]).toEqual([
      201,
      'application/json',
      'no-cache, private',
    ])
    expect(headers.get('warning')).toBe(String.raw`299 - "unknown field \"tokn\""`)
    expect(object).toMatchObject({ status: { userInfo: { username: 'jane' } } })
  })

  it('are about the impersonated user', async () => {
    const headers = { authorization: 'Bearer good', 'impersonate-user': 'bob' }
    const { object } = await post((await listen(appWith())) + SELF, {}, headers)
    expect(object).toMatchObject({ status: { userInfo: { username: 'bob' } } })
  })

  it('let everything else pass', async () => {
    expect(await post(`${await listen(appWith())}/other`, {})).toMatchObject({ object: { passed: true } })
  })

  it.each<readonly [what: string, parser: Middleware]>([
    ['no parser', (_ctx, next) => next()],
    [
      'a parser of JSON',
      async (ctx, next) => {
        Object.assign(ctx.request, { body: await json(ctx.req) })
        await next()
      },
    ],
    [
      'a parser of bytes',
      async (ctx, next) => {
        Object.assign(ctx.request, { body: await buffer(ctx.req) })
        await next()
      },
    ],
    [
      'a parser that passed by',
      async (ctx, next) => {
        Object.assign(ctx.request, { body: {} })
        await next()
      },
    ],
  ])('read the body behind %s', async (_, parser) => {
    const url = (await listen(appWith(parser))) + TOKEN
    expect(await post(url, { spec: { token: 'good' } })).toMatchObject({
      status: 201,
      object: { status: { authenticated: true, user: jane } },
    })
  })

  it('answer a body that is too long', async () => {
    const app = new Koa().use(authentication(chain)).use(reviews(alwaysAllow(), { maxBytes: 100 }))
    const url = (await listen(app)) + SELF
    expect(await post(url, 'x'.repeat(100_000))).toMatchObject({ status: 413, object: { kind: 'Status' } })
  })

  it('ask the authorizer who may ask', async () => {
    const app = new Koa().use(authentication(chain)).use(reviews(alwaysDeny(), { tokens: [tokens] }))
    const origin = await listen(app)
    expect((await post(origin + TOKEN, REVIEW)).status).toBe(403)
    expect((await post(origin + SELF, {})).status).toBe(201)
  })
})

describe('tokenReviewWebhook in Koa', () => {
  it('answers whatever it is asked', async () => {
    const origin = await listen(new Koa().use(tokenReviewWebhook([tokens], { callers: 'anyone' })))
    expect(await post(`${origin}/authenticate?timeout=30s`, REVIEW)).toMatchObject({
      status: 200,
      object: { ...REVIEW, spec: {}, status: { authenticated: true, user: jane } },
    })
    expect((await fetch(origin)).status).toBe(405)
  })

  it('asks callers who they are where it is told to, and tells the observer', async () => {
    const observer = vi.fn<Observer>()
    const callers = authenticatorChain({ tokens: [tokenFile('caller,kube-apiserver,1')] })
    const origin = await listen(new Koa().use(tokenReviewWebhook([tokens], { callers, observer })))
    const as = (token: string) => post(origin, REVIEW, { authorization: `Bearer ${token}` })
    expect(await as('caller')).toMatchObject({ status: 200, object: { status: { authenticated: true } } })
    expect(await as('good')).toMatchObject({ status: 401, object: { kind: 'Status' } })
    const statuses = observer.mock.calls.flatMap(([event]) => (event.type === 'response' ? event.status : []))
    expect(statuses).toEqual([200, 401])
  })

  it('is refused at once where it cannot work', () => {
    expect(() => tokenReviewWebhook([], { callers: 'anyone' })).toThrow('tokens')
    expect(() => tokenReviewWebhook([tokens], {} as never)).toThrow('callers: is required')
    expect(() => tokenReviewWebhook([tokens], undefined as never)).toThrow('callers: is required')
    expect(() => tokenReviewWebhook([tokens], { callers: 'everyone' as never })).toThrow('callers')
    expect(() => tokenReviewWebhook([tokens], { callers: null as never })).toThrow(ConfigurationError)
    expect(() => reviews(undefined as never)).toThrow(ConfigurationError)
  })
})
