import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import { connect as connectHttp2, createServer as createHttp2Server } from 'node:http2'
import { createRequire } from 'node:module'
import { type AddressInfo, connect as connectTcp } from 'node:net'
import { text } from 'node:stream/consumers'
import { authenticatorChain, ConfigurationError, type Observer } from '@kube-authn/core'
import { alwaysAllow, alwaysDeny } from '@kube-authn/core/authorization'
import { tokenFile } from '@kube-authn/core/token-file'
import express, { type RequestHandler } from 'express'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { authentication, impersonation } from './index.ts'
import { reviews, tokenReviewWebhook } from './reviews.ts'

const servers: { close(): unknown }[] = []
afterEach(() => {
  for (const server of servers.splice(0)) server.close()
})

async function listen(app: RequestListener): Promise<string> {
  const server = createServer(app)
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const tokens = tokenFile('good,jane,1,"a,b"')
const chain = authenticatorChain({ tokens: [tokens] })
const SELF = '/apis/authentication.k8s.io/v1/selfsubjectreviews'
const REVIEW = { apiVersion: 'authentication.k8s.io/v1beta1', kind: 'TokenReview', spec: { token: 'good' } }
const jane = { username: 'jane', uid: '1', groups: ['a', 'b'] }

async function post(
  url: string,
  body: unknown,
  headers: Record<string, string> = { authorization: 'Bearer good' },
): Promise<{ readonly status: number; readonly object: Record<string, unknown>; readonly headers: Headers }> {
  const type: Record<string, string> = { 'content-type': 'application/json' }
  const response = await fetch(url, {
    method: 'POST',
    headers: { ...type, ...headers },
    body:
      typeof body === 'string' || body instanceof Uint8Array
        ? Uint8Array.from(Buffer.from(body))
        : JSON.stringify(body),
  })
  return {
    status: response.status,
    object: (await response.json()) as Record<string, unknown>,
    headers: response.headers,
  }
}

const versions = [
  { version: 5, make: () => express() },
  { version: 4, make: createRequire(import.meta.url)('express4') as () => ReturnType<typeof express> },
]

describe.each(versions)('reviews in Express $version', ({ make }) => {
  const appWith = (...handlers: readonly RequestHandler[]) => {
    const app = make()
    for (const handler of handlers) app.use(handler)
    app.use(authentication(chain), impersonation(alwaysAllow()), reviews(alwaysAllow(), { tokens: [tokens] }))
    app.use((_req, res) => {
      res.status(404).json({ passed: true })
    })
    return app
  }

  it('return the caller, in a response that is not cached', async () => {
    const { status, object, headers } = await post((await listen(appWith())) + SELF, {})
    expect([status, headers.get('content-type'), headers.get('cache-control')]).toEqual([
      201,
      'application/json',
      'no-cache, private',
    ])
    expect(object).toMatchObject({
      kind: 'SelfSubjectReview',
      status: { userInfo: { ...jane, groups: ['a', 'b', 'system:authenticated'] } },
    })
  })

  it('are about the impersonated user', async () => {
    const headers = { authorization: 'Bearer good', 'impersonate-user': 'bob' }
    const { object } = await post((await listen(appWith())) + SELF, {}, headers)
    expect(object).toMatchObject({ status: { userInfo: { username: 'bob' } } })
  })

  it('let everything else pass', async () => {
    expect(await post(`${await listen(appWith())}/other`, {})).toMatchObject({
      status: 404,
      object: { passed: true },
    })
  })

  it.each([
    ['no parser', []],
    ['a parser of JSON', [express.json()]],
    ['a parser of everything', [express.raw({ type: '*/*' })]],
    ['a parser of other things', [express.urlencoded(), express.text()]],
  ])('read the body behind %s', async (_, parsers) => {
    const url = `${await listen(appWith(...parsers))}/apis/authentication.k8s.io/v1/tokenreviews`
    expect(await post(url, { spec: { token: 'good' } })).toMatchObject({
      status: 201,
      object: { status: { authenticated: true, user: jane } },
    })
  })

  it('read protobuf behind a parser of JSON', async () => {
    const body = Buffer.from(
      '6b3873000a2d0a1861757468656e7469636174696f6e2e6b38732e696f2f7631121153656c665375626a656374526576696577121a0a100a0012001a0022002a0032003800420012060a040a0012001a002200',
      'hex',
    )
    const headers = { authorization: 'Bearer good', 'content-type': 'application/vnd.kubernetes.protobuf' }
    expect(await post((await listen(appWith(express.json()))) + SELF, body, headers)).toMatchObject({
      status: 201,
      object: { status: { userInfo: { username: 'jane' } } },
    })
  })

  it('report a body that was already read', async () => {
    const greedy: RequestHandler = (req, _res, next) => {
      req.resume().on('end', next)
    }
    expect(await post((await listen(appWith(greedy))) + SELF, {})).toMatchObject({ status: 500 })
  })

  it('send warnings', async () => {
    const { headers } = await post((await listen(appWith())) + SELF, { tokn: 1 })
    expect(headers.get('warning')).toBe(String.raw`299 - "unknown field \"tokn\""`)
  })

  it('answer a body that is too long, while the client still sends', async () => {
    const app = make()
    app.use(authentication(chain), reviews(alwaysAllow(), { maxBytes: 100 }))
    const url = (await listen(app)) + SELF
    const socket = connectTcp(Number(new URL(url).port), '127.0.0.1')
    const authorization = 'Authorization: Bearer good'
    socket.write(`POST ${SELF} HTTP/1.1\r\nHost: x\r\n${authorization}\r\nTransfer-Encoding: chunked\r\n\r\n`)
    socket.write(`65\r\n${'x'.repeat(0x65)}\r\n`)
    const [first] = (await once(socket, 'data')) as [Buffer]
    expect(first.toString()).toMatch(/^HTTP\/1\.1 413 /)
    socket.destroy()
    expect((await post(url, 'x'.repeat(101))).status).toBe(413)
  })

  it('ask the authorizer who may ask', async () => {
    const app = make()
    app.use(authentication(chain), reviews(alwaysDeny(), { tokens: [tokens] }))
    const origin = await listen(app)
    expect((await post(`${origin}/apis/authentication.k8s.io/v1/tokenreviews`, REVIEW)).status).toBe(403)
    expect((await post(origin + SELF, {})).status).toBe(201)
  })

  it('are a 500 where authentication was left out', async () => {
    const app = make()
    app.use(reviews(alwaysAllow()))
    const response = await fetch((await listen(app)) + SELF, { method: 'POST' })
    expect([response.status, await response.text()]).toEqual([500, expect.stringContaining('no User found')])
  })
})

describe.each(versions)('tokenReviewWebhook in Express $version', ({ make }) => {
  it('answers at its path, and nowhere else', async () => {
    const app = make()
    app.use('/authenticate', tokenReviewWebhook([tokens], { callers: 'anyone' }))
    const origin = await listen(app)
    expect(await post(`${origin}/authenticate?timeout=30s`, REVIEW)).toMatchObject({
      status: 200,
      object: { ...REVIEW, spec: {}, status: { authenticated: true, user: jane } },
    })
    expect((await fetch(`${origin}/authenticate`)).status).toBe(405)
    expect((await fetch(origin, { method: 'POST' })).status).toBe(404)
  })

  it('answers behind a parser of JSON too', async () => {
    const app = make()
    app.use(express.json(), tokenReviewWebhook([tokens], { callers: 'anyone' }))
    expect((await post(await listen(app), REVIEW)).object['status']).toMatchObject({ authenticated: true })
  })

  it('asks callers who they are where it is told to, and tells the observer', async () => {
    const observer = vi.fn<Observer>()
    const callers = authenticatorChain({ tokens: [tokenFile('caller,kube-apiserver,1')] })
    const app = make()
    app.use(tokenReviewWebhook([tokens], { callers, observer, audiences: ['api'] }))
    const origin = await listen(app)
    const as = (token: string) => post(origin, REVIEW, { authorization: `Bearer ${token}` })
    expect(await as('caller')).toMatchObject({
      status: 200,
      object: { status: { authenticated: true, audiences: ['api'] } },
    })
    expect(await as('good')).toMatchObject({ status: 401, object: { kind: 'Status' } })
    const types = observer.mock.calls.map(([{ type }]) => type)
    expect(types.filter((type) => type === 'request' || type === 'response')).toEqual([
      'request',
      'response',
      'request',
      'response',
    ])
    const known = observer.mock.calls.map(([event]) => event.type === 'consulted' && event.user?.username)
    expect(known).toContain('kube-apiserver')
    expect(known).toContain('jane')
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

it('answers over HTTP/2', async () => {
  const app = tokenReviewWebhook([tokens], { callers: 'anyone' })
  const server = createHttp2Server((req, res) => app(req as never, res as never, () => undefined))
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const session = connectHttp2(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  servers.push(session)
  const stream = session.request({ ':method': 'POST', ':path': '/' })
  stream.end(JSON.stringify(REVIEW))
  expect(JSON.parse(await text(stream))).toMatchObject({ status: { authenticated: true } })
})
