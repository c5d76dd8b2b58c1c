import { describe, expect, it, vi } from 'vitest'
import {
  fails,
  fixedClock,
  jane,
  knows,
  noOpinion as unknownCredential,
  recorder,
  tokens,
} from '../../../testing/test/fakes.ts'
import { envelope, protobuf } from '../../test/protobuf.ts'
import { answered, type Answered, sent, type SentReviewInit } from '../../test/review-requests.ts'
import {
  allow,
  alwaysAllow,
  alwaysDeny,
  type Attributes,
  type Authorizer,
  noOpinion,
} from '@kube-authn/core/authorization'
import { ConfigurationError, type LogEntry, rejected, userInfo, type UserInfo } from '@kube-authn/core'
import { handleReviews } from './handle-reviews.ts'
import type { HandleReviewsOptions } from './review-answers.ts'

const AUTHENTICATION = '/apis/authentication.k8s.io'
const AUTHORIZATION = '/apis/authorization.k8s.io'
const known: UserInfo = userInfo({ username: 'jane', uid: '42', groups: ['a', 'system:authenticated'] })
const stranger: UserInfo = userInfo({ username: 'system:anonymous', groups: ['system:unauthenticated'] })

interface Asking extends SentReviewInit {
  readonly authorizer?: Authorizer
  readonly options?: HandleReviewsOptions
  readonly user?: UserInfo | undefined
}

async function ask(url: string, body: unknown, asking: Asking = {}): Promise<Answered> {
  const { authorizer = alwaysAllow(), options = { tokens: [tokens(knows(jane))] } } = asking
  const { request, body: read } = sent(body, { ...asking, url })
  const user = 'user' in asking ? asking.user : known
  return answered(await handleReviews(authorizer, options)(request, read, { user }))
}

/** An authorizer that records what it was asked. */
function recording(authorizer: Authorizer): Authorizer & { readonly asked: readonly Attributes[] } {
  const asked: Attributes[] = []
  return {
    name: 'recording',
    asked,
    authorize(attributes, context) {
      asked.push(attributes)
      return authorizer.authorize(attributes, context)
    },
  }
}

describe('what handleReviews answers', () => {
  const PATHS = [
    [`${AUTHENTICATION}/v1/tokenreviews`, 'TokenReview'],
    [`${AUTHENTICATION}/v1beta1/tokenreviews`, 'TokenReview'],
    [`${AUTHENTICATION}/v1/selfsubjectreviews`, 'SelfSubjectReview'],
    [`${AUTHENTICATION}/v1beta1/selfsubjectreviews`, 'SelfSubjectReview'],
    [`${AUTHORIZATION}/v1/subjectaccessreviews`, 'SubjectAccessReview'],
    [`${AUTHORIZATION}/v1beta1/subjectaccessreviews`, 'SubjectAccessReview'],
    [`${AUTHORIZATION}/v1/selfsubjectaccessreviews`, 'SelfSubjectAccessReview'],
    [`${AUTHORIZATION}/v1beta1/selfsubjectaccessreviews`, 'SelfSubjectAccessReview'],
    [`${AUTHORIZATION}/v1/selfsubjectrulesreviews`, 'SelfSubjectRulesReview'],
    [`${AUTHORIZATION}/v1beta1/selfsubjectrulesreviews`, 'SelfSubjectRulesReview'],
    [`${AUTHORIZATION}/v1/namespaces/shop/localsubjectaccessreviews`, 'LocalSubjectAccessReview'],
    [`${AUTHORIZATION}/v1beta1/namespaces/shop/localsubjectaccessreviews`, 'LocalSubjectAccessReview'],
  ] as const
  const spec = {
    token: 't',
    user: 'u',
    namespace: 'shop',
    resourceAttributes: { namespace: 'shop' },
  }

  it.each(PATHS)('is at %s a %s of that version, and 201', async (path, kind) => {
    const answer = await ask(path, { spec })
    expect(answer).toMatchObject({ code: 201, kind, apiVersion: path.split('/').slice(2, 4).join('/') })
    expect(answer).toHaveProperty('status')
    expect(answer).toHaveProperty('metadata')
  })

  it.each([
    '/',
    '/tokenreviews',
    '/api',
    '/apis',
    '/apis/',
    '/apis/shop.example.com',
    `${AUTHENTICATION}/v2`,
    `${AUTHENTICATION}//`,
    `${AUTHENTICATION}/v1/tokenreviews/`,
    `${AUTHENTICATION}/v1/tokenreviews/x`,
    `${AUTHENTICATION}/v1//tokenreviews`,
    `/${AUTHENTICATION}/v1/tokenreviews`,
    `/x${AUTHENTICATION}/v1/tokenreviews`,
    `${AUTHENTICATION}/v1/TokenReviews`,
    `${AUTHENTICATION}/v1/%74okenreviews`,
    `${AUTHENTICATION}/v1/tokenreviews%2f`,
    `${AUTHENTICATION}/v1/../v1/tokenreviews`,
    `${AUTHENTICATION}/v1alpha1/tokenreviews`,
    `${AUTHENTICATION}/v1alpha1/selfsubjectreviews`,
    `${AUTHENTICATION}/v2/selfsubjectreviews`,
    `${AUTHENTICATION}/v1/watch/tokenreviews`,
    `${AUTHENTICATION}/v1/namespaces/shop/tokenreviews`,
    `${AUTHENTICATION}/v1/subjectaccessreviews`,
    `${AUTHENTICATION}/v1/__proto__`,
    `${AUTHORIZATION}/v1alpha1/subjectaccessreviews`,
    `${AUTHORIZATION}/v1/localsubjectaccessreviews`,
    `${AUTHORIZATION}/v1/namespaces/shop/subjectaccessreviews`,
    `${AUTHORIZATION}/v1/namespaces//localsubjectaccessreviews`,
    `${AUTHORIZATION}/v1/namespaces/Shop/localsubjectaccessreviews`,
    `${AUTHORIZATION}/v1/namespaces/-/localsubjectaccessreviews`,
    `${AUTHORIZATION}/v1/namespaces/a%2Fb/localsubjectaccessreviews`,
    `${AUTHORIZATION}/v1/namespaces/${'a'.repeat(64)}/localsubjectaccessreviews`,
    `/api/v1/tokenreviews`,
  ])('is not %s, which is left to others at once', (path) => {
    const { request, body } = sent({ spec }, { url: path })
    const handle = handleReviews(alwaysAllow(), { tokens: [tokens(unknownCredential)] })
    expect(handle(request, body, { user: known })).toBeUndefined()
  })

  it('is not a TokenReview if there are no token authenticators', () => {
    const { request, body } = sent({ spec }, { url: `${AUTHENTICATION}/v1/tokenreviews` })
    expect(handleReviews(alwaysAllow())(request, body, { user: known })).toBeUndefined()
  })

  it.each(['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'post'])(
    'is a 405 for the method %s',
    async (method) => {
      const { request, body } = sent({}, { method, url: `${AUTHENTICATION}/v1/tokenreviews` })
      const answer = await handleReviews(alwaysAllow(), { tokens: [tokens(unknownCredential)] })(
        request,
        body,
        {
          user: known,
        },
      )
      expect(answer).toMatchObject({ status: 405, headers: { allow: 'POST' } })
      expect(answered(answer)).toMatchObject({
        kind: 'Status',
        reason: 'MethodNotAllowed',
        message: 'the server does not allow this method on the requested resource',
        code: 405,
      })
    },
  )

  it('is JSON that is not cached', async () => {
    const { request, body } = sent({}, { url: `${AUTHENTICATION}/v1/selfsubjectreviews` })
    expect(await handleReviews(alwaysAllow())(request, body, { user: known })).toMatchObject({
      headers: { 'content-type': 'application/json', 'cache-control': 'no-cache, private' },
    })
  })
})

describe('who may ask handleReviews', () => {
  const SELF = [
    [`${AUTHENTICATION}/v1/selfsubjectreviews`, {}],
    [`${AUTHORIZATION}/v1/selfsubjectaccessreviews`, { spec: { resourceAttributes: {} } }],
    [`${AUTHORIZATION}/v1/selfsubjectrulesreviews`, { spec: { namespace: 'shop' } }],
  ] as const
  const OTHERS = [
    [`${AUTHENTICATION}/v1/tokenreviews`, { spec: { token: 't' } }],
    [`${AUTHORIZATION}/v1/subjectaccessreviews`, { spec: { user: 'u', resourceAttributes: {} } }],
    [
      `${AUTHORIZATION}/v1/namespaces/shop/localsubjectaccessreviews`,
      { spec: { user: 'u', resourceAttributes: { namespace: 'shop' } } },
    ],
  ] as const

  it.each(SELF)('of the caller at %s: every authenticated user', async (path, body) => {
    expect((await ask(path, body, { authorizer: alwaysDeny() })).code).toBe(201)
  })

  it.each(OTHERS)('at %s: users that the authorizer allows to create it', async (path, body) => {
    const refused = await ask(path, body, { authorizer: alwaysDeny() })
    const [, , group, , resource] = path.replace('/namespaces/shop', '').split('/')
    const where = path.includes('shop') ? 'in the namespace "shop"' : 'at the cluster scope'
    expect(refused).toMatchObject({
      code: 403,
      message: `${resource}.${group} is forbidden: User "jane" cannot create resource "${resource}" in API group "${group}" ${where}: Everything is forbidden.`,
    })
    const authorizer = recording(alwaysAllow())
    expect((await ask(path, body, { authorizer })).code).toBe(201)
    expect(authorizer.asked[0]).toMatchObject({ user: known, verb: 'create', apiGroup: group, resource })
  })

  it.each([...SELF, ...OTHERS])('at %s: not a stranger', async (path, body) => {
    expect((await ask(path, body, { authorizer: alwaysDeny(), user: stranger })).code).toBe(403)
  })

  it.each(SELF)(
    'of the caller at %s: a user outside of system:authenticated, if the authorizer allows it',
    async (path, body) => {
      expect((await ask(path, body, { user: stranger })).code).toBe(201)
    },
  )

  it.each([undefined, null])('no request without authentication: %s', async (user) => {
    for (const [url, body] of [...SELF, ...OTHERS]) {
      const { request, body: read } = sent(body, { url })
      const handle = handleReviews(alwaysAllow(), { tokens: [tokens(knows(jane))] })
      const answer = await handle(request, read, { user: user as undefined })
      expect(answer).toMatchObject({ status: 500 })
      expect(answer?.content).toContain('no User found in the context')
    }
  })

  it('is decided before anything of the body is read', async () => {
    const { request } = sent({}, { url: OTHERS[0][0] })
    const handle = handleReviews(alwaysDeny(), { tokens: [tokens(unknownCredential)] })
    const body = (): never => {
      throw new Error('it was read')
    }
    expect((await handle(request, body, { user: known }))?.status).toBe(403)
  })

  it('is a 500 where the authorizer could not tell', async () => {
    const authorizer: Authorizer = { name: 'broken', authorize: fails(new Error('secret')) as never }
    const { request, body } = sent(OTHERS[0][1], { url: OTHERS[0][0] })
    const answer = await handleReviews(authorizer, { tokens: [tokens(unknownCredential)] })(request, body, {
      user: known,
    })
    expect(answer?.status).toBe(500)
    expect(answer?.content).not.toContain('secret')
  })
})

describe('the body of a review', () => {
  const url = `${AUTHENTICATION}/v1/tokenreviews`
  const secret = { spec: { token: 'c2VjcmV0' } }

  it.each([
    ['the wrong kind', { ...secret, kind: 'SelfSubjectReview' }, 'not a TokenReview'],
    ['a list', [secret], 'not a TokenReview'],
    ['nothing but null', null, 'not a TokenReview'],
    ['a text', '"c2VjcmV0"', 'not a TokenReview'],
    [
      'another version',
      { ...secret, apiVersion: 'authentication.k8s.io/v1beta1' },
      'does not match the expected API version (authentication.k8s.io/v1)',
    ],
    ['another group', { ...secret, apiVersion: 'v1' }, 'does not match the expected API version'],
    ['a kind that is not a string', { ...secret, kind: 5 }, 'kind: Invalid value: must be a string'],
    [
      'a version that is not a string',
      { ...secret, apiVersion: {} },
      'apiVersion: Invalid value: must be a string',
    ],
    [
      'metadata that is not an object',
      { ...secret, metadata: 'c2VjcmV0' },
      'metadata: Invalid value: must be an object',
    ],
    ['a spec that is not an object', { spec: 'c2VjcmV0' }, 'spec: Invalid value: must be an object'],
    [
      'a token that is not a string',
      { spec: { token: ['c2VjcmV0'] } },
      'spec.token: Invalid value: must be a string',
    ],
    [
      'audiences that are not a list',
      { spec: { token: 't', audiences: 'c2VjcmV0' } },
      'spec.audiences: Invalid value: must be a list of strings',
    ],
    [
      'an audience that is not a string',
      { spec: { token: 't', audiences: ['a', { c2VjcmV0: 1 }] } },
      'spec.audiences[1]: Invalid value: must be a string',
    ],
    ['no specification', {}, 'token is required for TokenReview in authentication'],
    ['no token', { spec: {} }, 'token is required for TokenReview in authentication'],
    ['an empty token', { spec: { token: '' } }, 'token is required for TokenReview in authentication'],
    [
      'a token that is null',
      { spec: { token: null } },
      'token is required for TokenReview in authentication',
    ],
    ['half of it', '{"spec":{"token":"c2VjcmV0', 'the body of the request is not JSON'],
    ['nothing', '', 'the body of the request is not JSON'],
  ])('is refused when it is %s', async (_, body, message) => {
    const answer = await ask(url, body)
    expect(answer).toMatchObject({ code: 400, kind: 'Status', reason: 'BadRequest' })
    expect(answer['message']).toContain(message)
    expect(JSON.stringify(answer)).not.toContain('c2VjcmV0')
  })

  it('may be protobuf', async () => {
    const raw = protobuf([1, protobuf([8, protobuf()])], [2, protobuf([1, 't'], [2, 'a'])], [3, protobuf()])
    const authenticator = tokens(knows(jane))
    const answer = await ask(url, envelope('authentication.k8s.io/v1', 'TokenReview', raw), {
      headers: {
        'content-type': 'application/vnd.kubernetes.protobuf',
        accept: 'application/vnd.kubernetes.protobuf,application/json',
      },
      options: { tokens: [authenticator] },
    })
    expect(answer).toMatchObject({ code: 201, status: { authenticated: true }, spec: { audiences: ['a'] } })
    expect(authenticator.calls[0]?.token).toBe('t')
  })

  it.each([
    ['JSON that is called protobuf', JSON.stringify(secret), 'application/vnd.kubernetes.protobuf', 400],
    [
      'protobuf that is called JSON',
      envelope('authentication.k8s.io/v1', 'TokenReview', protobuf()),
      'application/json',
      400,
    ],
    [
      'protobuf of another kind',
      envelope('authentication.k8s.io/v1', 'SelfSubjectReview', protobuf()),
      'application/vnd.kubernetes.protobuf',
      400,
    ],
    ['a form', 'spec.token=c2VjcmV0', 'application/x-www-form-urlencoded', 415],
    ['YAML', 'spec: {token: c2VjcmV0}', 'application/yaml', 415],
  ])('is refused when it is %s', async (_, body, contentType, code) => {
    const answer = await ask(url, body, { headers: { 'content-type': contentType } })
    expect(answer).toMatchObject({ kind: 'Status', code })
    expect(JSON.stringify(answer)).not.toContain('c2VjcmV0')
  })

  it('is not read where the client takes no JSON', async () => {
    expect(await ask(url, secret, { headers: { accept: 'application/yaml' } })).toMatchObject({
      code: 406,
      reason: 'NotAcceptable',
    })
  })

  it.each([
    ['said to be', { 'content-length': '100' }, '{}'],
    ['found to be', {}, JSON.stringify({ spec: { token: 't'.repeat(100) } })],
  ])('is refused when it is %s too long', async (_, headers, body) => {
    const options = { tokens: [tokens(unknownCredential)], maxBytes: 99 }
    expect(await ask(url, body, { headers, options })).toMatchObject({
      code: 413,
      reason: 'RequestEntityTooLarge',
      message: 'Request entity is too large: limit is 99',
    })
  })

  it('may have 1 MiB where nothing else is said', async () => {
    const padded = (length: number): string => JSON.stringify(secret).padEnd(length)
    expect((await ask(url, padded(1_048_576))).code).toBe(201)
    expect((await ask(url, padded(1_048_577))).code).toBe(413)
  })

  it('is refused when it breaks off', async () => {
    const { request } = sent({}, { url })
    const body = (): Promise<never> => Promise.reject(new Error('the client went away'))
    const handle = handleReviews(alwaysAllow(), { tokens: [tokens(unknownCredential)] })
    expect((await handle(request, body, { user: known }))?.status).toBe(400)
  })

  it.each([
    [
      'by default, with a warning',
      '',
      201,
      ['metadata.x', 'status.x', 'spec.tokn', 'extra'].map((field) => `299 - "unknown field \\"${field}\\""`),
    ],
    [
      'with a warning where that is asked for',
      '?fieldValidation=Warn',
      201,
      [expect.anything(), expect.anything(), expect.anything(), expect.anything()],
    ],
    ['without one where that is asked for', '?fieldValidation=Ignore&fieldManager=kubectl-create', 201, []],
    [
      'with a warning where something unknown is asked for',
      '?fieldValidation=ignore',
      201,
      [expect.anything(), expect.anything(), expect.anything(), expect.anything()],
    ],
    ['as refused where that is asked for', '?fieldValidation=Strict', 400, []],
  ])('may have unknown fields: %s', async (_, query, code, warnings) => {
    const body = { spec: { token: 't', tokn: 't' }, extra: 1, status: { x: 1 }, metadata: { x: 1 } }
    const answer = await ask(`${url}${query}`, body)
    expect(answer).toMatchObject({ code, warnings })
    if (code === 400) {
      expect(answer['message']).toBe(
        'strict decoding error: unknown field "metadata.x", unknown field "status.x", unknown field "spec.tokn", unknown field "extra"',
      )
    }
  })

  it('names a few of many fields that are wrong', async () => {
    const many = Object.fromEntries(Array.from({ length: 5000 }, (_, index) => [`f${index}`, 1]))
    expect((await ask(url, { spec: { token: 't', ...many } })).warnings).toHaveLength(10)
    const answer = await ask(url, {
      spec: { token: 't', audiences: Array.from({ length: 100_000 }, () => 1) },
    })
    expect(answer.code).toBe(400)
    expect(String(answer['message']).length).toBeLessThan(1000)
  })

  it('may be nested as deep as it likes where that does not matter, and is no crash where it does', async () => {
    const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`
    const deepMap = `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`
    expect((await ask(url, `{"spec":{"token":"t"},"x":${deep},"status":${deepMap}}`)).code).toBe(201)
    expect((await ask(url, `{"spec":{"token":${deep}}}`)).code).toBe(400)
    expect((await ask(url, deep)).code).toBe(400)
    const path = `${AUTHORIZATION}/v1/selfsubjectaccessreviews`
    const answer = await ask(path, `{"spec":{"resourceAttributes":{}},"metadata":{"labels":${deepMap}}}`)
    expect(answer).toMatchObject({ code: 400 })
  })

  it('has ordinary keys only', async () => {
    const body = '{"__proto__":{"spec":{"token":"t"}},"constructor":{"spec":{"token":"t"}}}'
    expect((await ask(url, body)).code).toBe(400)
    const { extra } = (
      await ask(
        `${AUTHORIZATION}/v1/subjectaccessreviews`,
        '{"spec":{"user":"u","resourceAttributes":{},"extra":{"__proto__":["a"]}}}',
      )
    )['spec'] as { readonly extra: object }
    expect(Object.entries(extra)).toEqual([['__proto__', ['a']]])
    expect({}).not.toHaveProperty('a')
  })
})

describe('SelfSubjectReview', () => {
  const url = `${AUTHENTICATION}/v1/selfsubjectreviews`
  const options = { clock: fixedClock(Date.parse('2026-07-05T04:03:02.999Z')) }

  it('is who asks, and when', async () => {
    const user = userInfo({ ...known, extra: { scopes: ['a', 'b'] } })
    const { code, warnings, ...object } = await ask(url, {}, { user, options })
    expect({ code, warnings }).toEqual({ code: 201, warnings: [] })
    expect(object).toEqual({
      kind: 'SelfSubjectReview',
      apiVersion: 'authentication.k8s.io/v1',
      metadata: { creationTimestamp: '2026-07-05T04:03:02Z' },
      status: {
        userInfo: {
          username: 'jane',
          uid: '42',
          groups: ['a', 'system:authenticated'],
          extra: { scopes: ['a', 'b'] },
        },
      },
    })
  })

  it.each([
    ['name', { username: 'lat\udcfcn1' }],
    ['uid', { ...known, uid: '\ud800' }],
    ['group', { ...known, groups: ['a', '\udcff'] }],
    ['key of an extra field', { ...known, extra: { '\udcff': ['a'] } }],
    ['value of an extra field', { ...known, extra: { a: ['b', 'x\udcff'] } }],
  ])('is an error for a user with a %s that is not Unicode', async (_, init) => {
    const answer = await ask(url, {}, { user: userInfo(init), options })
    expect(answer).toMatchObject({
      code: 500,
      reason: 'InternalError',
      message: 'Internal error occurred: the user has a name, group or extra field that is not Unicode',
    })
    expect(JSON.stringify(answer)).not.toMatch(/\\ud/)
  })

  it('is the caller, whatever user the body names', async () => {
    const body = {
      metadata: { name: 'x' },
      spec: { user: 'root' },
      status: { userInfo: { username: 'root' } },
    }
    expect((await ask(url, body))['status']).toMatchObject({ userInfo: { username: 'jane' } })
  })

  it('leaves out what is empty', async () => {
    const user = userInfo({ username: 'bare' })
    expect((await ask(url, {}, { user }))['status']).toEqual({ userInfo: { username: 'bare' } })
  })
})

describe('SelfSubjectRulesReview', () => {
  const url = `${AUTHORIZATION}/v1/selfsubjectrulesreviews`
  const rules = (rulesFor: unknown): Authorizer =>
    ({ name: 'rules', authorize: () => noOpinion(), rulesFor }) as Authorizer

  it('is what the authorizer lists, in that namespace', async () => {
    const asked: unknown[] = []
    const authorizer = rules((...given: readonly unknown[]) => {
      asked.push(given)
      return {
        resourceRules: [
          { verbs: ['get'], apiGroups: [''], resources: ['pods'], resourceNames: ['a'], nonResourceURLs: [] },
          { verbs: ['list'], apiGroups: [], resources: [], resourceNames: [] },
        ],
        nonResourceRules: [{ verbs: ['get'], nonResourceURLs: ['/healthz'] }],
        incomplete: false,
      }
    })
    expect(await ask(url, { spec: { namespace: 'shop' } }, { authorizer })).toMatchObject({
      code: 201,
      spec: {},
      status: {
        resourceRules: [
          { verbs: ['get'], apiGroups: [''], resources: ['pods'], resourceNames: ['a'] },
          { verbs: ['list'] },
        ],
        nonResourceRules: [{ verbs: ['get'], nonResourceURLs: ['/healthz'] }],
        incomplete: false,
      },
    })
    expect(asked).toEqual([[known, 'shop']])
  })

  it.each([
    [
      'cannot list anything',
      { name: 'webhook', authorize: () => allow() },
      'webhook authorizer does not support user rule resolution',
    ],
    [
      'fails',
      rules(() => {
        throw new Error('secret')
      }),
      'authorization failed unexpectedly',
    ],
  ])('is incomplete where the authorizer %s', async (_, authorizer, evaluationError) => {
    expect((await ask(url, { spec: { namespace: 'shop' } }, { authorizer }))['status']).toEqual({
      resourceRules: [],
      nonResourceRules: [],
      incomplete: true,
      evaluationError,
    })
  })

  it.each([{}, { spec: {} }, { spec: { namespace: '' } }])('needs a namespace: %j', async (body) => {
    expect(await ask(url, body)).toMatchObject({ code: 400, message: 'no namespace on request' })
  })
})

describe('handleReviews', () => {
  it.each([
    ['no authorizer', undefined, {}, 'authorizer'],
    ['what is none', { name: 'x' }, {}, 'authorizer'],
    ['an empty list of tokens', alwaysAllow(), { tokens: [] }, 'tokens'],
    ['what knows no tokens', alwaysAllow(), { tokens: [{ name: 'x' }] }, 'tokens[0]'],
    ['nothing in a list of tokens', alwaysAllow(), { tokens: [undefined] }, 'tokens[0]'],
    ['no audience', alwaysAllow(), { tokens: [tokens(unknownCredential)], audiences: [] }, 'audiences'],
    ['audiences for nothing', alwaysAllow(), { audiences: ['a'] }, 'audiences'],
    ['no room for a body', alwaysAllow(), { maxBytes: 0 }, 'maxBytes'],
    ['a limit that is none', alwaysAllow(), { maxBytes: 1.5 }, 'maxBytes'],
    ['a limit that is a text', alwaysAllow(), { maxBytes: '1' }, 'maxBytes'],
  ])('refuses %s', (_, authorizer, options, path) => {
    expect(() => handleReviews(authorizer as Authorizer, options as HandleReviewsOptions)).toThrow(
      ConfigurationError,
    )
    expect(() => handleReviews(authorizer as Authorizer, options as HandleReviewsOptions)).toThrow(
      expect.objectContaining({ problems: [expect.objectContaining({ path })] }),
    )
  })

  it('answers 500 to an unexpected error, without details', async () => {
    const broken = {
      now: () => {
        throw new Error('secret')
      },
      after: () => () => undefined,
    }
    const answer = await ask(`${AUTHENTICATION}/v1/selfsubjectreviews`, {}, { options: { clock: broken } })
    expect(answer).toMatchObject({ code: 500, reason: 'InternalError' })
    expect(JSON.stringify(answer)).not.toContain('secret')
  })

  it('logs what it refuses where it is told', async () => {
    const log = vi.fn<(entry: LogEntry) => void>()
    const printed = vi.spyOn(console, 'warn').mockImplementation(() => undefined)
    vi.stubEnv('NODE_ENV', 'development')
    const path = `${AUTHENTICATION}/v1/tokenreviews`
    for (const told of [log, false] as const) {
      const options = { tokens: [tokens(knows(jane))], log: told }
      const answer = await ask(path, { spec: { token: 't' } }, { authorizer: alwaysDeny(), options })
      expect(answer.code).toBe(403)
    }
    expect(log.mock.calls.map(([{ message }]) => message)).toEqual([
      expect.stringMatching(/^kube-authn: 403 POST .*refused by authorization/),
    ])
    expect(printed).not.toHaveBeenCalled()
  })

  it('tells an observer what authenticators and authorizers thought, and never the token', async () => {
    const { observer, events } = recorder()
    const options = { tokens: [tokens(fails(rejected('it is over')))], observer }
    await ask(`${AUTHENTICATION}/v1/tokenreviews`, { spec: { token: 'c2VjcmV0' } }, { options })
    expect(events.map(({ type }) => type)).toEqual([
      'authorizerConsulted',
      'authorization',
      'consulting',
      'consulted',
    ])
    expect(JSON.stringify(events)).not.toContain('c2VjcmV0')
  })

  it('hands on the signal of who no longer waits', async () => {
    const { signal } = new AbortController()
    const authenticator = tokens(unknownCredential)
    const { request, body } = sent({ spec: { token: 't' } }, { url: `${AUTHENTICATION}/v1/tokenreviews` })
    await handleReviews(alwaysAllow(), { tokens: [authenticator] })(request, body, { user: known, signal })
    expect(authenticator.calls[0]?.context.signal).toBe(signal)
  })
})
