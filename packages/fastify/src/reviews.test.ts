import { authenticatorChain, ConfigurationError, type Observer } from '@kube-authn/core'
import { alwaysAllow, alwaysDeny } from '@kube-authn/core/authorization'
import { tokenFile } from '@kube-authn/core/token-file'
import { fastify, type FastifyInstance } from 'fastify'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { authentication, impersonation } from './index.ts'
import { reviews, tokenReviewWebhook } from './reviews.ts'

const tokens = tokenFile('good,jane,1,"a,b"\n')
const chain = authenticatorChain({ tokens: [tokens] })
const good = { authorization: 'Bearer good' }
const SELF = '/apis/authentication.k8s.io/v1/selfsubjectreviews'
const REVIEW = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', spec: { token: 'good' } }

const apps: FastifyInstance[] = []
afterEach(async () => {
  for (const app of apps.splice(0)) await app.close()
})
const make = (): FastifyInstance => {
  const app = fastify()
  apps.push(app)
  return app
}

async function post(app: FastifyInstance, url: string, payload: object | string, headers: object = good) {
  const sent = { 'content-type': 'application/json', ...headers }
  const response = await app.inject({ method: 'POST', url, payload, headers: sent })
  return {
    status: response.statusCode,
    headers: response.headers,
    object: response.json<Record<string, unknown>>(),
  }
}

describe('reviews in Fastify', () => {
  const appWith = (authorizer = alwaysAllow()): FastifyInstance => {
    const app = make()
    void app.register(authentication(chain))
    void app.register(impersonation(alwaysAllow()))
    void app.register(reviews(authorizer, { tokens: [tokens], maxBytes: 1000 }))
    app.setNotFoundHandler((_request, reply) => reply.code(404).send({ passed: true }))
    return app
  }

  it('return the caller, in a response that is not cached', async () => {
    const { status, object, headers } = await post(appWith(), SELF, {})
    expect([status, headers['cache-control']]).toEqual([201, 'no-cache, private'])
    expect(headers['content-type']).toMatch(/^application\/json(?:;|$)/)
    expect(object).toMatchObject({ kind: 'SelfSubjectReview', status: { userInfo: { username: 'jane' } } })
  })

  it('are about the impersonated user', async () => {
    const { object } = await post(appWith(), SELF, {}, { ...good, 'impersonate-user': 'bob' })
    expect(object).toMatchObject({ status: { userInfo: { username: 'bob' } } })
  })

  it('refuse a request to impersonate where impersonation only comes later', async () => {
    const app = make()
    void app.register(authentication(chain))
    void app.register(reviews(alwaysAllow()))
    void app.register(impersonation(alwaysAllow()))
    const { status, object } = await post(app, SELF, {}, { ...good, 'impersonate-user': 'bob' })
    expect([status, object['reason']]).toEqual([403, 'Forbidden'])
  })

  it('review tokens, and let everything else pass', async () => {
    const app = appWith()
    expect(await post(app, '/apis/authentication.k8s.io/v1/tokenreviews', REVIEW)).toMatchObject({
      status: 201,
      object: { status: { authenticated: true, user: { username: 'jane' } } },
    })
    expect(await post(app, '/other', {})).toMatchObject({ status: 404, object: { passed: true } })
  })

  it('refuse a body that is too long', async () => {
    expect(await post(appWith(), SELF, 'x'.repeat(1001))).toMatchObject({ status: 413 })
  })

  it('ask the authorizer who may ask, and answer no unauthenticated client', async () => {
    const app = appWith(alwaysDeny())
    expect((await post(app, '/apis/authentication.k8s.io/v1/tokenreviews', REVIEW)).status).toBe(403)
    expect((await post(app, SELF, {}, {})).status).toBe(401)
    const without = make()
    void without.register(reviews(alwaysAllow()))
    expect((await without.inject({ method: 'POST', url: SELF })).statusCode).toBe(500)
  })
})

describe('tokenReviewWebhook in Fastify', () => {
  it('answers at its prefix, and nowhere else', async () => {
    const app = make()
    await app.register(tokenReviewWebhook([tokens], { callers: 'anyone' }), { prefix: '/authenticate' })
    app.get('/', () => 'other')
    for (const url of ['/authenticate?timeout=30s', '/authenticate/']) {
      expect(await post(app, url, REVIEW, {})).toMatchObject({
        status: 200,
        object: { ...REVIEW, spec: {}, status: { authenticated: true, user: { username: 'jane' } } },
      })
    }
    expect((await app.inject('/authenticate')).statusCode).toBe(405)
    expect((await app.inject('/')).body).toBe('other')
  })

  it('asks callers who they are where it is told to, and tells the observer', async () => {
    const observer = vi.fn<Observer>()
    const callers = authenticatorChain({ tokens: [tokenFile('caller,kube-apiserver,1')] })
    const app = make()
    await app.register(tokenReviewWebhook([tokens], { callers, observer, audiences: ['api'] }), {
      prefix: '/a',
    })
    app.get('/', () => 'open')
    const as = (token: string) => post(app, '/a', REVIEW, { authorization: `Bearer ${token}` })
    expect(await as('caller')).toMatchObject({ status: 200, object: { status: { audiences: ['api'] } } })
    expect(await as('good')).toMatchObject({ status: 401, object: { kind: 'Status' } })
    expect((await app.inject('/')).body).toBe('open')
    const types = observer.mock.calls.map(([{ type }]) => type)
    expect(types.filter((type) => type === 'response')).toHaveLength(2)
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
