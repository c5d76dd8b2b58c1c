import { describe, expect, it } from 'vitest'
import { ConfigurationError } from '../authenticator/errors.ts'
import type { AuthenticationEvent, AuthorizationEvent } from '../authenticator/events.ts'
import { fetchRequest } from '../request/fetch-request.ts'
import { StatusError } from '../authenticator/status.ts'
import { userInfo } from '../authenticator/user.ts'
import { allowPaths } from './allow-paths.ts'
import { alwaysAllow, alwaysDeny } from './always.ts'
import type { Attributes, RequestAttributes } from './attributes.ts'
import {
  type AuthorizationOutcome,
  authorizeRequest,
  type AuthorizeRequestOptions,
} from './authorize-request.ts'
import type { Authorizer } from './authorizer.ts'
import { allow, deny, noOpinion } from './decision.ts'
import { AuthorizationError } from './errors.ts'
import { unionAuthorizer } from './union-authorizer.ts'

const jane = userInfo({ username: 'jane' })
const get = (path: string) =>
  fetchRequest({ method: 'GET', url: `https://example.com${path}`, headers: new Headers() })
const says = (decision: ReturnType<typeof deny>): Authorizer => ({ name: 'says', authorize: () => decision })

function failureOf(outcome: AuthorizationOutcome): StatusError | undefined {
  return 'failure' in outcome ? outcome.failure : undefined
}

describe('authorizeRequest', () => {
  it('lets pass what is allowed, in spite of an error on the way', async () => {
    const error = new AuthorizationError('half')
    const outcome = await authorizeRequest(says({ ...allow('yes'), error }))(get('/api/v1/pods'), jane)
    expect(outcome).toMatchObject({
      reason: 'yes',
      attributes: { verb: 'list', resource: 'pods', user: jane },
    })
  })

  it.each([
    [
      'no opinion is a 403',
      noOpinion('because'),
      403,
      'pods is forbidden: User "jane" cannot list resource "pods" in API group "" at the cluster scope: because',
    ],
    [
      'a denial is a 403',
      deny(),
      403,
      'pods is forbidden: User "jane" cannot list resource "pods" in API group "" at the cluster scope',
    ],
    [
      'an error is a 500',
      noOpinion('', new AuthorizationError('down & out')),
      500,
      'Internal Server Error: "/api/v1/pods?x=1": down &amp; out',
    ],
    [
      'a denial with an error is a 500',
      deny('no', new AuthorizationError('odd')),
      500,
      'Internal Server Error: "/api/v1/pods?x=1": odd',
    ],
  ])('%s', async (_, decision, status, message) => {
    const failure = failureOf(await authorizeRequest(says(decision))(get('/api/v1/pods?x=1'), jane))
    expect([failure?.status, failure?.message]).toEqual([status, message])
  })

  it.each([
    ['no opinion', noOpinion('', new AuthorizationError('busy', { retryAfterSeconds: 2 }))],
    ['a denial', deny('no', new AuthorizationError('busy', { retryAfterSeconds: 2 }))],
  ])(
    'is a 503 that says when to try again where an authorizer too busy to find out has %s',
    async (_, decision) => {
      const inUnion = unionAuthorizer(says(noOpinion('', new AuthorizationError('odd'))), says(decision))
      for (const authorizer of [says(decision), inUnion]) {
        const failure = failureOf(await authorizeRequest(authorizer)(get('/api/v1/pods'), jane))
        expect(failure?.body).toMatchObject({ code: 503, details: { retryAfterSeconds: 2 } })
        expect(failure?.headers['retry-after']).toBe('2')
      }
    },
  )

  describe('of a connection into a pod', () => {
    const verbs = (...allowed: readonly string[]): Authorizer & { readonly asked: string[] } => {
      const asked: string[] = []
      const authorize = ({ verb, subresource, name }: Attributes) => {
        asked.push(`${verb} ${subresource} ${name}`)
        return allowed.includes(verb) ? allow(verb) : noOpinion()
      }
      return { name: 'verbs', authorize, asked }
    }
    const path = (subresource: string) => `/api/v1/namespaces/x/pods/p/${subresource}`

    it.each(['exec', 'attach', 'portforward'])('by get of pods/%s needs create too', async (subresource) => {
      const reader = verbs('get')
      const refused = failureOf(await authorizeRequest(reader)(get(path(subresource)), jane))
      expect(refused?.message).toBe(
        `pods "p" is forbidden: User "jane" cannot create resource "pods/${subresource}" in API group "" in the namespace "x"`,
      )
      expect(reader.asked).toEqual([`get ${subresource} p`, `create ${subresource} p`])
      const both = await authorizeRequest(verbs('get', 'create'))(get(path(subresource)), jane)
      expect(both).toMatchObject({ reason: 'get', attributes: { verb: 'get' } })
      const creator = failureOf(await authorizeRequest(verbs('create'))(get(path(subresource)), jane))
      expect(creator?.message).toContain('cannot get')
    })

    it.each([
      path('log'),
      path('proxy'),
      '/api/v1/namespaces/x/pods/p',
      '/apis/a/v1/namespaces/x/pods/p/exec',
    ])('is none: %s', async (target) => {
      const reader = verbs('get')
      expect(failureOf(await authorizeRequest(reader)(get(target), jane))).toBeUndefined()
      expect(reader.asked).toHaveLength(1)
    })

    it.each(['HEAD', 'GET'])('is one by %s, and by attributes that the app gives', async (method) => {
      const request = fetchRequest({ method, url: `https://a${path('exec')}`, headers: new Headers() })
      expect(failureOf(await authorizeRequest(verbs('get'))(request, jane))?.status).toBe(403)
      const attributes = () => ({ verb: 'get', resource: 'pods', subresource: 'exec', name: 'p' })
      expect(
        failureOf(await authorizeRequest(verbs('get'), { attributes })(get('/shell'), jane))?.status,
      ).toBe(403)
    })

    it('fails closed if the second question fails', async () => {
      const error = new AuthorizationError('down')
      const authorize = ({ verb }: Attributes) => (verb === 'get' ? allow() : noOpinion('', error))
      const outcome = await authorizeRequest({ name: 'half', authorize })(get(path('exec')), jane)
      expect(failureOf(outcome)?.status).toBe(500)
    })
  })

  it('fails closed without a user', async () => {
    for (const nobody of [undefined, null as unknown as undefined]) {
      const failure = failureOf(await authorizeRequest(alwaysAllow())(get('/'), nobody))
      expect(failure?.content).toBe('Internal Server Error: "/": no User found in the context\n')
    }
  })

  it.each([
    ['/public/..%2fadmin', 400],
    ['/api/v1/pods%2Fp', 400],
    ['/%zz', 400],
    ['/api/v1/watch', 500],
  ])('refuses the path %s although everything is allowed', async (path, status) => {
    const request = { ...get('/'), method: 'GET', path, query: '', headers: get('/').headers }
    expect(failureOf(await authorizeRequest(alwaysAllow())(request, jane))?.status).toBe(status)
  })

  it('asks about what the app says of its own routes', () => {
    const seen: Attributes[] = []
    const authorizer: Authorizer = {
      name: 'seen',
      authorize(attributes) {
        seen.push(attributes)
        return allow()
      },
    }
    const options: AuthorizeRequestOptions = {
      attributes: (request) => ({ verb: 'pay', resource: 'invoices', name: request.path.slice(10) }),
    }
    void authorizeRequest(authorizer, options)(get('/invoices/17'), jane)
    void authorizeRequest(authorizer, options)(get('/invoices/17'), jane, {
      attributes: () => ({ verb: 'read', path: '/y' }),
    })
    expect(
      seen.map(({ verb, resource, name, path, resourceRequest }) => [
        verb,
        resource,
        name,
        path,
        resourceRequest,
      ]),
    ).toEqual([
      ['pay', 'invoices', '17', '', true],
      ['read', '', '', '/y', false],
    ])
  })

  it('answers with the status that reading the attributes throws, and hides any other fault', async () => {
    const throwing = (thrown: Error): AuthorizeRequestOptions => ({
      attributes() {
        throw thrown
      },
    })
    const notFound = new StatusError({ status: 404, reason: 'NotFound', message: 'no such route' })
    expect(failureOf(await authorizeRequest(alwaysAllow(), throwing(notFound))(get('/'), jane))).toBe(
      notFound,
    )
    const hidden = failureOf(
      await authorizeRequest(alwaysAllow(), throwing(new Error('secret')))(get('/'), jane),
    )
    expect(hidden?.content).toBe('Internal Server Error: "/": authorization failed unexpectedly\n')
  })

  it.each([
    ['nothing', undefined],
    ['a promise, as an asynchronous function does', Promise.resolve({ verb: 'get', path: '/' })],
    ['no verb', { path: '/' }],
    ['a verb that is not a string', { verb: 7 }],
  ])('authorizes nothing where the app says %s of a route', async (_, told) => {
    const attributes = (): RequestAttributes => told as unknown as RequestAttributes
    for (const authorizer of [alwaysAllow(), allowPaths(['/'])]) {
      const outcomes = [
        await authorizeRequest(authorizer)(get('/'), jane, { attributes }),
        await authorizeRequest(authorizer, { attributes })(get('/'), jane),
      ]
      expect(outcomes.map((outcome) => failureOf(outcome)?.status)).toEqual([500, 500])
    }
  })

  it('tells an observer how it came out', async () => {
    const events: AuthorizationEvent[] = []
    const observe = (authorizer: Authorizer) =>
      authorizeRequest(authorizer, {
        observer: (event) => {
          if (event.type === 'authorization') events.push(event)
        },
      })(get('/x'), jane)
    await observe(alwaysAllow())
    await observe(alwaysDeny())
    await observe(says(noOpinion('', new AuthorizationError('down'))))
    expect(events.map(({ result, reason, failure }) => [result, reason, failure?.status])).toEqual([
      ['allow', '', undefined],
      ['forbid', 'Everything is forbidden.', 403],
      ['error', '', 500],
    ])
  })

  it('tells an observer no attributes where there are none', async () => {
    const events: AuthorizationEvent[] = []
    const observer = (event: AuthenticationEvent): void => {
      if (event.type === 'authorization') events.push(event)
    }
    await authorizeRequest(alwaysAllow(), { observer })(get('/x'), undefined)
    await authorizeRequest(alwaysAllow(), { observer })(get('/x'), jane)
    expect(events.map((event) => 'attributes' in event)).toEqual([false, true])
  })

  it('wants an authorizer when it is made', () => {
    expect(() => authorizeRequest(undefined as unknown as Authorizer)).toThrow(ConfigurationError)
  })

  it('answers in plain text where kube-apiserver does', async () => {
    const failure = failureOf(
      await authorizeRequest(says(noOpinion('', new AuthorizationError('down'))))(get('/<b>'), jane),
    )
    const response = failure?.getResponse()
    expect(response?.headers.get('content-type')).toBe('text/plain; charset=utf-8')
    expect(response?.headers.get('x-content-type-options')).toBe('nosniff')
    expect(await response?.text()).toBe('Internal Server Error: "/&lt;b&gt;": down\n')
  })
})
