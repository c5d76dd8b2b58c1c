import { describe, expect, it } from 'vitest'
import { alwaysAllow } from '@kube-authn/core/authorization'
import { exactHeaders } from '@kube-authn/core/internal'
import { handleReviews } from './handle-reviews.ts'

/*
 * How kube-apiserver 1.36 answers a review with unexpected metadata, status and lists.
 */

const V1 = '/apis/authorization.k8s.io/v1'
const SUBJECT = `${V1}/subjectaccessreviews`
const LOCAL = `${V1}/namespaces/shop/localsubjectaccessreviews`
const SELF = `${V1}/selfsubjectaccessreviews`
const RULES = `${V1}/selfsubjectrulesreviews`
const WHOAMI = '/apis/authentication.k8s.io/v1/selfsubjectreviews'
const TOKEN = '/apis/authentication.k8s.io/v1/tokenreviews'

const user = { username: 'jane', uid: '', groups: ['system:authenticated'], extra: {} }
const nobodyKnows = { name: 'nobody', authenticateToken: () => undefined }
const handle = handleReviews(alwaysAllow(), { tokens: [nobodyKnows] })

async function ask(path: string, object: object, method = 'POST') {
  const bytes = new TextEncoder().encode(JSON.stringify(object))
  const headers = [['content-type', 'application/json']] as const
  const request = {
    method,
    path,
    query: '',
    headers: exactHeaders(headers.flat()),
  }
  const answer = await handle(request, () => Promise.resolve(bytes), { user })
  const body = JSON.parse(answer?.content ?? '{}') as Readonly<Record<string, unknown>>
  return { code: answer?.status, warnings: answer?.headers['warning'] ?? [], ...body }
}

const access = { user: 'jane', resourceAttributes: { verb: 'get', resource: 'pods', namespace: 'shop' } }
const unknown = (...fields: string[]) => fields.map((field) => `299 - "unknown field \\"${field}\\""`)

describe('metadata', () => {
  it.each([
    [SUBJECT, { namespace: 'shop' }, {}],
    [
      SUBJECT,
      { uid: 'x', creationTimestamp: '2020-01-01T00:00:00Z', selfLink: '/x', managedFields: [{}] },
      {},
    ],
    [SUBJECT, { deletionTimestamp: '2020-01-01T00:00:00Z', deletionGracePeriodSeconds: 1 }, {}],
    [SUBJECT, { labels: {}, annotations: null, finalizers: [], ownerReferences: [], name: '' }, {}],
    [LOCAL, { uid: 'x' }, { namespace: 'shop' }],
    [LOCAL, { namespace: 'shop' }, { namespace: 'shop' }],
    [SELF, { creationTimestamp: null }, {}],
  ])('of %s may be %j', async (path, metadata, answered) => {
    expect(await ask(path, { metadata, spec: access })).toMatchObject({
      code: 201,
      warnings: path === SELF ? unknown('spec.user') : [],
      metadata: answered,
    })
  })

  it.each([
    [SUBJECT, { name: 'x' }],
    [SUBJECT, { generateName: 'x' }],
    [LOCAL, { name: 'x' }],
    [LOCAL, { resourceVersion: '1' }],
    [SELF, { finalizers: ['x'] }],
    [SELF, { generation: 1 }],
    [SELF, { ownerReferences: [{ name: 'x' }] }],
    [SELF, { annotations: { a: 'b' } }],
  ])('of %s may not be %j', async (path, metadata) => {
    const spec = path === SELF ? { resourceAttributes: access.resourceAttributes } : access
    const answer = await ask(path, { metadata, spec })
    expect(answer).toMatchObject({
      code: 422,
      details: {
        causes: [{ field: 'metadata', message: expect.stringContaining('must be empty') as unknown }],
      },
    })
  })

  it.each([
    [RULES, { resourceVersion: '1', finalizers: ['x'], annotations: { a: 'b' } }],
    [WHOAMI, { name: 'x', namespace: 'other' }],
  ])('of %s does not count: %j', async (path, metadata) => {
    expect(
      await ask(path, { metadata, ...(path === RULES && { spec: { namespace: 'shop' } }) }),
    ).toMatchObject({
      code: 201,
      warnings: [],
    })
  })

  it.each([SUBJECT, LOCAL, SELF, RULES, WHOAMI, TOKEN])(
    'of %s may have unknown fields, which are told, and none of a wrong type',
    async (path) => {
      const spec =
        path === TOKEN
          ? { token: 't' }
          : path === RULES
            ? { namespace: 'shop' }
            : path === WHOAMI
              ? undefined
              : access
      const warnings = expect.arrayContaining(unknown('metadata.nonsense')) as unknown
      expect(await ask(path, { spec, metadata: { nonsense: 1 } })).toMatchObject({ code: 201, warnings })
      for (const metadata of [{ name: 1 }, { labels: ['x'] }, { finalizers: 'x' }, 'x', 1, []]) {
        expect(await ask(path, { spec, metadata })).toMatchObject({ code: 400, reason: 'BadRequest' })
      }
    },
  )
})

describe('a status that is sent', () => {
  it.each([
    [SUBJECT, { allowed: true, denied: true, reason: 'x', evaluationError: 'y' }, []],
    [
      LOCAL,
      { allowed: true, authenticated: true, incomplete: true },
      ['status.authenticated', 'status.incomplete'],
    ],
    [RULES, { allowed: true, incomplete: true, resourceRules: [{ verbs: ['get'] }] }, ['status.allowed']],
    [RULES, { nonResourceRules: [{ verbs: [null], paths: [] }] }, ['status.nonResourceRules[0].paths']],
    [WHOAMI, { userInfo: { username: 'root', extra: { a: ['b'] }, x: 1 } }, ['status.userInfo.x']],
    [
      TOKEN,
      { authenticated: true, user: { groups: ['g'] }, audiences: ['a'], error: 'e', x: 1 },
      ['status.x'],
    ],
  ])('with %s does not count: %j', async (path, status, told) => {
    const spec = path === TOKEN ? { token: 't' } : path === RULES ? { namespace: 'shop' } : access
    const answer = await ask(path, { ...(path !== WHOAMI && { spec }), status })
    expect(answer).toMatchObject({ code: 201, warnings: unknown(...told) })
    expect(JSON.stringify(answer)).not.toMatch(/"denied"|"evaluationError"|root/)
  })

  it.each([SUBJECT, LOCAL, SELF, RULES, WHOAMI, TOKEN])('with %s must have the right types', async (path) => {
    for (const status of ['x', 1, ['x'], true])
      expect(await ask(path, { status })).toMatchObject({ code: 400 })
  })

  it.each([
    [SUBJECT, { allowed: 'true' }],
    [RULES, { resourceRules: [1] }],
    [RULES, { nonResourceRules: [{ verbs: 'get' }] }],
    [WHOAMI, { userInfo: 'root' }],
    [TOKEN, { user: { groups: 'g' } }],
    [TOKEN, { user: { extra: { a: 'b' } } }],
    [TOKEN, { audiences: 'a' }],
  ])('with %s is refused as %j', async (path, status) => {
    expect(await ask(path, { status })).toMatchObject({ code: 400 })
  })

  it('of null is none', async () => {
    expect(await ask(SUBJECT, { spec: access, status: null })).toMatchObject({ code: 201, warnings: [] })
  })
})

describe('null in a list', () => {
  it('is the empty text', async () => {
    const answer = await ask(SUBJECT, { spec: { ...access, groups: [null, 'a'], extra: { x: [null] } } })
    expect(answer).toMatchObject({ code: 201, spec: { groups: ['', 'a'], extra: { x: [''] } } })
  })

  it('is the empty requirement, which has no key', async () => {
    const labelSelector = { requirements: [null] }
    const answer = await ask(SUBJECT, { spec: { ...access, resourceAttributes: { labelSelector } } })
    expect(answer).toMatchObject({
      code: 422,
      details: { causes: [{ field: 'spec.resourceAttributes.labelSelector.requirements[0].key' }, {}] },
    })
  })
})

describe('what is refused as invalid', () => {
  it('has its causes in the order of kube-apiserver: attributes, user, selectors, metadata', async () => {
    const spec = { resourceAttributes: { fieldSelector: {} }, nonResourceAttributes: { path: '/x' } }
    const { details } = (await ask(SUBJECT, { spec, metadata: { name: 'x' } })) as {
      readonly details?: { readonly causes: readonly { readonly field: string }[] }
    }
    expect(details?.causes.map(({ field }) => field)).toEqual([
      'spec.nonResourceAttributes',
      'spec.user',
      'spec.resourceAttributes.fieldSelector.requirements',
      'metadata',
    ])
  })

  it('comes with the warnings', async () => {
    expect(await ask(SUBJECT, { spec: { odd: 1 } })).toMatchObject({
      code: 422,
      warnings: unknown('spec.odd'),
    })
  })
})

describe('what is answered', () => {
  it('repeats an operator that is empty', async () => {
    const fieldSelector = { requirements: [{ key: 'a', values: ['b'] }] }
    expect(await ask(SUBJECT, { spec: { ...access, resourceAttributes: { fieldSelector } } })).toMatchObject({
      code: 201,
      spec: {
        resourceAttributes: { fieldSelector: { requirements: [{ key: 'a', operator: '', values: ['b'] }] } },
      },
    })
  })

  it('to an unknown token is an empty user and an error', async () => {
    const answer = await ask(TOKEN, { spec: { token: 't' } })
    expect(answer).toMatchObject({ code: 201 })
    expect((answer as { readonly status?: unknown }).status).toEqual({
      authenticated: false,
      user: {},
      error: 'invalid bearer token',
    })
  })
})

describe('a method that is not POST', () => {
  it.each([SUBJECT, WHOAMI, TOKEN])('is decided about before it is a 405: GET %s', async (path) => {
    expect(await ask(path, {}, 'GET')).toMatchObject({ code: 405 })
    const asked: string[] = []
    const none = handleReviews(
      {
        name: 'none',
        authorize({ verb }) {
          asked.push(verb)
          return { verdict: 'noOpinion', reason: '' }
        },
      },
      { tokens: [nobodyKnows] },
    )
    const headers = exactHeaders([])
    const request = { method: 'GET', path, query: '', headers }
    expect(await none(request, () => Promise.resolve(new Uint8Array()), { user })).toMatchObject({
      status: 403,
    })
    expect(asked).toEqual(['list'])
  })
})
