import { describe, expect, it } from 'vitest'
import { recorder } from '../../../testing/test/fakes.ts'
import { envelope, protobuf } from '../../test/protobuf.ts'
import { answered, type Answered, sent } from '../../test/review-requests.ts'
import {
  allow,
  type Attributes,
  AuthorizationError,
  type Decision,
  deny,
  noOpinion,
} from '@kube-authn/core/authorization'
import { userInfo } from '@kube-authn/core'
import { handleReviews } from './handle-reviews.ts'

const GROUP = '/apis/authorization.k8s.io'
const SUBJECT = `${GROUP}/v1/subjectaccessreviews`
const SELF = `${GROUP}/v1/selfsubjectaccessreviews`
const LOCAL = `${GROUP}/v1/namespaces/shop/localsubjectaccessreviews`
const caller = userInfo({ username: 'jane', groups: ['system:authenticated'] })

interface Asked extends Answered {
  /** What the authorizer was asked, except for the permission to create the review. */
  readonly asked: readonly Attributes[]
}

async function ask(
  url: string,
  body: unknown,
  decision: () => Decision = () => allow(),
  headers: Readonly<Record<string, string>> = {},
): Promise<Asked> {
  const asked: Attributes[] = []
  const handle = handleReviews({
    name: 'asked',
    authorize(attributes) {
      if (attributes.resource.endsWith('accessreviews')) return allow()
      asked.push(attributes)
      return decision()
    },
  })
  const { request, body: read } = sent(body, { url, headers })
  return { ...answered(await handle(request, read, { user: caller })), asked }
}

const about = (spec: object) => ({ spec: { user: 'bob', ...spec } })
const pods = { verb: 'get', resource: 'pods' }

describe('SubjectAccessReview', () => {
  it('asks about the user it names, and answers with the question and the status', async () => {
    const spec = {
      user: 'bob',
      uid: '7',
      groups: ['a', 'b'],
      extra: { scopes: ['x', 'y'] },
      resourceAttributes: {
        namespace: 'shop',
        verb: 'list',
        group: 'apps',
        version: 'v1',
        resource: 'deployments',
        subresource: 'scale',
        name: 'web',
      },
    }
    const { asked, code, ...answer } = await ask(SUBJECT, { spec }, () => allow('because'))
    expect({ code, ...answer }).toEqual({
      code: 201,
      warnings: [],
      kind: 'SubjectAccessReview',
      apiVersion: 'authorization.k8s.io/v1',
      metadata: {},
      spec,
      status: { allowed: true, reason: 'because' },
    })
    expect(asked).toEqual([
      {
        user: userInfo({ username: 'bob', uid: '7', groups: ['a', 'b'], extra: { scopes: ['x', 'y'] } }),
        verb: 'list',
        resourceRequest: true,
        apiGroup: 'apps',
        apiVersion: 'v1',
        namespace: 'shop',
        resource: 'deployments',
        subresource: 'scale',
        name: 'web',
        path: '',
      },
    ])
  })

  it('asks about paths', async () => {
    const nonResourceAttributes = { path: '/healthz', verb: 'get' }
    const { asked, spec } = await ask(SUBJECT, about({ nonResourceAttributes }))
    expect(spec).toEqual({ user: 'bob', nonResourceAttributes })
    expect(asked[0]).toMatchObject({ resourceRequest: false, path: '/healthz', verb: 'get', resource: '' })
  })

  it('means any version where none is named', async () => {
    const { asked, spec } = await ask(SUBJECT, about({ resourceAttributes: { ...pods, version: '' } }))
    expect(asked[0]).toMatchObject({ apiVersion: '*', resourceRequest: true })
    expect(spec).toEqual({ user: 'bob', resourceAttributes: pods })
  })

  it('may name groups without a user', async () => {
    const { asked } = await ask(SUBJECT, { spec: { groups: ['a'], resourceAttributes: {} } })
    expect(asked[0]?.user).toEqual(userInfo({ username: '', groups: ['a'] }))
  })

  it('has another name for groups in v1beta1', async () => {
    const url = `${GROUP}/v1beta1/subjectaccessreviews`
    const { asked, spec } = await ask(url, { spec: { group: ['a'], resourceAttributes: {} } })
    expect(asked[0]?.user.groups).toEqual(['a'])
    expect(spec).toEqual({ group: ['a'], resourceAttributes: {} })
    expect((await ask(url, { spec: { groups: ['a'], resourceAttributes: {} } })).code).toBe(422)
    expect((await ask(SUBJECT, { spec: { group: ['a'], resourceAttributes: {} } })).code).toBe(422)
  })

  const failure = new AuthorizationError('it is broken')
  it.each([
    ['yes', allow('r'), { allowed: true, reason: 'r' }],
    [
      'yes in spite of an error',
      { ...allow(), error: failure },
      { allowed: true, evaluationError: 'it is broken' },
    ],
    ['no', deny('r'), { allowed: false, denied: true, reason: 'r' }],
    [
      'no with an error',
      deny('', failure),
      { allowed: false, denied: true, evaluationError: 'it is broken' },
    ],
    ['no opinion', noOpinion(), { allowed: false }],
    [
      'no opinion with an error',
      noOpinion('r', failure),
      { allowed: false, reason: 'r', evaluationError: 'it is broken' },
    ],
  ])('tells: %s', async (_, decision, status) => {
    expect(await ask(SUBJECT, about({ resourceAttributes: {} }), () => decision)).toMatchObject({
      code: 201,
      status,
    })
  })

  it('is no yes where the authorizer fails, and repeats nothing of why', async () => {
    const answer = await ask(SUBJECT, about({ resourceAttributes: {} }), () => {
      throw new Error('secret')
    })
    expect(answer).toMatchObject({
      code: 201,
      status: { allowed: false, evaluationError: 'authorization failed unexpectedly' },
    })
  })

  it.each<readonly [what: string, body: unknown, field: string, message: string]>([
    [
      'it asks nothing',
      about({}),
      'spec.resourceAttributes',
      'Invalid value: null: exactly one of nonResourceAttributes or resourceAttributes must be specified',
    ],
    [
      'it asks two things',
      about({ resourceAttributes: {}, nonResourceAttributes: {} }),
      'spec.nonResourceAttributes',
      'cannot be specified in combination with resourceAttributes',
    ],
    [
      'it names no user and no group',
      { spec: { resourceAttributes: {} } },
      'spec.user',
      'Invalid value: "": at least one of user or group must be specified',
    ],
    [
      'it has a name',
      { ...about({ resourceAttributes: {} }), metadata: { name: 'a' } },
      'metadata',
      'must be empty',
    ],
    [
      'it has finalizers',
      { ...about({ resourceAttributes: {} }), metadata: { finalizers: ['a'], uid: 'x' } },
      'metadata',
      'Invalid value: {"finalizers":["a"]}: must be empty',
    ],
    [
      'it has labels',
      { ...about({ resourceAttributes: {} }), metadata: { labels: { a: 'b' } } },
      'metadata',
      'must be empty',
    ],
  ])('is refused when %s', async (_, body, field, message) => {
    const answer = await ask(SUBJECT, body)
    expect(answer).toMatchObject({
      code: 422,
      reason: 'Invalid',
      details: { group: 'authorization.k8s.io', kind: 'SubjectAccessReview' },
    })
    expect(causesOf(answer)).toEqual([
      { reason: 'FieldValueInvalid', field, message: expect.stringContaining(message) as unknown },
    ])
    expect(answer['message']).toMatch(/^SubjectAccessReview\.authorization\.k8s\.io "" is invalid: /)
    expect(answer.asked).toEqual([])
  })

  it('is refused for everything that is wrong with it at once', async () => {
    const answer = await ask(SUBJECT, { metadata: { name: 'a' } })
    expect(causesOf(answer).map(({ field }) => field)).toEqual([
      'spec.resourceAttributes',
      'spec.user',
      'metadata',
    ])
  })

  it.each([
    {},
    { name: '', generateName: '', creationTimestamp: null, labels: {}, finalizers: [], generation: 0 },
    { managedFields: [{ manager: 'kubectl' }] },
    null,
  ])('may have metadata that says nothing: %j', async (metadata) => {
    expect((await ask(SUBJECT, { ...about({ resourceAttributes: {} }), metadata })).code).toBe(201)
  })

  it('may be protobuf, where what is empty is there', async () => {
    const spec = protobuf(
      [1, protobuf()],
      [3, ''],
      [4, 'a'],
      [5, protobuf([1, 'k'], [2, protobuf([1, 'v'])])],
      [6, ''],
    )
    const body = envelope(
      'authorization.k8s.io/v1',
      'SubjectAccessReview',
      protobuf([1, protobuf([1, ''])], [2, spec]),
    )
    const type = { 'content-type': 'application/vnd.kubernetes.protobuf' }
    const { asked, code } = await ask(SUBJECT, body, () => allow(), type)
    expect(code).toBe(201)
    expect(asked[0]).toMatchObject({
      resourceRequest: true,
      user: { username: '', groups: ['a'], extra: { k: ['v'] } },
    })
  })

  it.each([
    ['groups', { groups: [1] }, 'spec.groups[0]'],
    ['extra', { extra: { k: 'v' } }, 'spec.extra.k'],
    ['values of extra', { extra: { k: [1] } }, 'spec.extra.k[0]'],
    ['a verb', { resourceAttributes: { verb: true } }, 'spec.resourceAttributes.verb'],
    ['a path', { nonResourceAttributes: { path: [] } }, 'spec.nonResourceAttributes.path'],
    [
      'requirements',
      { resourceAttributes: { labelSelector: { requirements: {} } } },
      'spec.resourceAttributes.labelSelector.requirements',
    ],
  ])('is a 400 with %s of the wrong type', async (_, spec, field) => {
    const answer = await ask(SUBJECT, about(spec))
    expect(answer).toMatchObject({ code: 400 })
    expect(answer['message']).toContain(field)
  })

  it('warns of misspelt fields, which would make it another question', async () => {
    const spec = { resourceAttributes: { verb: 'get', subResource: 'log' }, usr: 'x' }
    expect((await ask(SUBJECT, about(spec))).warnings).toEqual([
      String.raw`299 - "unknown field \"spec.resourceAttributes.subResource\""`,
      String.raw`299 - "unknown field \"spec.usr\""`,
    ])
  })
})

describe('selectors in access reviews', () => {
  const withSelector = (kind: string, selector: unknown) =>
    about({ resourceAttributes: { ...pods, [kind]: selector } })
  const requirement = { key: 'a', operator: 'In', values: ['b'] }

  it.each([
    [
      'fieldSelector',
      { rawSelector: 'a=b,c!=d' },
      [requirement, { key: 'c', operator: 'NotIn', values: ['d'] }],
    ],
    ['fieldSelector', { requirements: [requirement] }, [requirement]],
    [
      'labelSelector',
      { rawSelector: 'a in (b),!c' },
      [requirement, { key: 'c', operator: 'DoesNotExist', values: [] }],
    ],
    [
      'labelSelector',
      { requirements: [{ key: 'c', operator: 'Exists' }] },
      [{ key: 'c', operator: 'Exists', values: [] }],
    ],
  ])('are told the authorizer: %s %j', async (kind, selector, requirements) => {
    const { asked, code, status } = await ask(SUBJECT, withSelector(kind, selector))
    expect({ code, status }).toEqual({ code: 201, status: { allowed: true } })
    expect(asked[0]).toMatchObject({ [kind]: { requirements } })
  })

  it('are part of the answer', async () => {
    const selector = { requirements: [requirement] }
    expect((await ask(SUBJECT, withSelector('fieldSelector', selector)))['spec']).toMatchObject({
      resourceAttributes: { fieldSelector: selector },
    })
  })

  it.each([
    ['fieldSelector', { rawSelector: 'a' }, 0, ''],
    ['labelSelector', { rawSelector: 'a in' }, 0, ''],
    ['fieldSelector', { requirements: [{ ...requirement, operator: 'Near' }] }, 0, ''],
    ['fieldSelector', { requirements: [{ key: 'a', operator: 'Exists' }] }, 0, ''],
    [
      'fieldSelector',
      { requirements: [requirement, { ...requirement, values: ['b', 'c'] }] },
      1,
      'partially ',
    ],
    ['labelSelector', { requirements: [requirement, { ...requirement, operator: 'Gt' }] }, 1, 'partially '],
  ])('are told as far as they can be, and that they were: %s %j', async (kind, selector, told, partially) => {
    const { asked, code, status } = await ask(SUBJECT, withSelector(kind, selector))
    const evaluationError = `spec.resourceAttributes.${kind} ${partially}ignored due to parse error`
    expect({ code, status }).toEqual({ code: 201, status: { allowed: true, evaluationError } })
    expect(
      (asked[0] as unknown as Record<string, { requirements: unknown[] }>)[kind]?.requirements,
    ).toHaveLength(told)
  })

  it('are told about after what the authorizer could not tell', async () => {
    const resourceAttributes = { fieldSelector: { rawSelector: 'a' }, labelSelector: { rawSelector: 'a in' } }
    const decision = noOpinion('', new AuthorizationError('it is broken'))
    expect((await ask(SUBJECT, about({ resourceAttributes }), () => decision))['status']).toMatchObject({
      evaluationError:
        'it is broken; spec.resourceAttributes.fieldSelector ignored due to parse error; spec.resourceAttributes.labelSelector ignored due to parse error',
    })
  })

  it.each([
    ['fieldSelector', {}, 'requirements', 'FieldValueRequired'],
    ['labelSelector', { rawSelector: '', requirements: [] }, 'requirements', 'FieldValueRequired'],
    ['labelSelector', { rawSelector: 'a', requirements: [requirement] }, 'rawSelector', 'FieldValueInvalid'],
    [
      'fieldSelector',
      { requirements: [{ ...requirement, key: '' }] },
      'requirements[0].key',
      'FieldValueRequired',
    ],
    [
      'labelSelector',
      { requirements: [{ ...requirement, key: '' }] },
      'requirements[0].key',
      'FieldValueInvalid',
    ],
    [
      'labelSelector',
      { requirements: [{ ...requirement, key: '-' }] },
      'requirements[0].key',
      'FieldValueInvalid',
    ],
    [
      'labelSelector',
      { requirements: [{ ...requirement, values: ['b', '-'] }] },
      'requirements[0].values[1]',
      'FieldValueInvalid',
    ],
    [
      'fieldSelector',
      { requirements: [requirement, { ...requirement, values: [] }] },
      'requirements[1].values',
      'FieldValueRequired',
    ],
    [
      'labelSelector',
      { requirements: [{ ...requirement, operator: 'NotIn', values: [] }] },
      'requirements[0].values',
      'FieldValueRequired',
    ],
    [
      'fieldSelector',
      { requirements: [{ ...requirement, operator: 'Exists' }] },
      'requirements[0].values',
      'FieldValueForbidden',
    ],
    [
      'labelSelector',
      { requirements: [{ ...requirement, operator: 'DoesNotExist' }] },
      'requirements[0].values',
      'FieldValueForbidden',
    ],
  ])('are refused when they break a rule: %s %j', async (kind, selector, field, reason) => {
    const answer = await ask(SUBJECT, withSelector(kind, selector))
    expect(answer.code).toBe(422)
    expect(causesOf(answer)[0]).toMatchObject({ reason, field: `spec.resourceAttributes.${kind}.${field}` })
  })

  it.each([
    ['fieldSelector', { rawSelector: 'a=b,'.repeat(16_385) }, 'rawSelector', 'FieldValueTooLong'],
    ['labelSelector', { rawSelector: 'a'.repeat(65_537) }, 'rawSelector', 'FieldValueTooLong'],
    [
      'fieldSelector',
      { requirements: Array.from({ length: 50_000 }, () => ({})) },
      'requirements',
      'FieldValueTooMany',
    ],
    [
      'labelSelector',
      { requirements: [{ ...requirement, values: Array.from({ length: 1000 }, () => '-') }] },
      'requirements',
      'FieldValueTooMany',
    ],
  ])('are refused when they are longer than anything honest: %s', async (kind, selector, field, reason) => {
    const answer = await ask(SELF, { spec: { resourceAttributes: { [kind]: selector } } })
    expect(answer.code).toBe(422)
    expect(causesOf(answer)).toMatchObject([{ reason, field: `spec.resourceAttributes.${kind}.${field}` }])
    expect(answer.asked).toEqual([])
  })

  it.each([
    ['rawSelector', { rawSelector: 'a'.repeat(65_536) }],
    ['requirements', { requirements: [{ ...requirement, values: Array.from({ length: 999 }, () => 'b') }] }],
  ])('may be nearly as long: %s', async (_, labelSelector) => {
    expect((await ask(SELF, { spec: { resourceAttributes: { labelSelector } } })).code).toBe(201)
  })

  it('are checked wherever there are some', async () => {
    const spec = { resourceAttributes: { namespace: 'shop', fieldSelector: {} } }
    expect((await ask(SELF, { spec })).code).toBe(422)
    expect((await ask(LOCAL, about(spec))).code).toBe(422)
  })
})

describe('SelfSubjectAccessReview', () => {
  it('asks about the caller, whatever user the body names', async () => {
    const body = { spec: { user: 'root', groups: ['system:masters'], resourceAttributes: pods } }
    const { asked, spec, code } = await ask(SELF, body)
    expect({ code, spec }).toEqual({ code: 201, spec: { resourceAttributes: pods } })
    expect(asked[0]?.user).toBe(caller)
  })

  it('asks what `kubectl auth can-i` asks', async () => {
    const body = Buffer.from(
      '6b3873000a320a17617574686f72697a6174696f6e2e6b38732e696f2f7631121753656c665375626a65637441636365737352' +
        '6576696577122f0a100a0012001a0022002a003200380042001211120f0a082f6865616c74687a12036765741a08080012001a00' +
        '20001a002200',
      'hex',
    )
    const type = { 'content-type': 'application/vnd.kubernetes.protobuf' }
    const { asked, code, status } = await ask(SELF, body, () => noOpinion('because'), type)
    expect({ code, status }).toEqual({ code: 201, status: { allowed: false, reason: 'because' } })
    expect(asked[0]).toMatchObject({ resourceRequest: false, path: '/healthz', verb: 'get', user: caller })
  })

  it.each([
    ['asks nothing', {}, 'spec.resourceAttributes'],
    ['has an empty specification', { spec: {} }, 'spec.resourceAttributes'],
    ['has a name', { spec: { resourceAttributes: {} }, metadata: { name: 'a' } }, 'metadata'],
  ])('is refused when it %s', async (_, body, field) => {
    const answer = await ask(SELF, body)
    expect(answer).toMatchObject({ code: 422, details: { kind: 'SelfSubjectAccessReview' } })
    expect(causesOf(answer).map((cause) => cause.field)).toEqual([field])
  })
})

describe('LocalSubjectAccessReview', () => {
  const inShop = { namespace: 'shop', ...pods }

  it.each([{}, { namespace: 'shop' }, { namespace: '' }])(
    'asks about the namespace of its path: %j',
    async (metadata) => {
      const answer = await ask(LOCAL, { ...about({ resourceAttributes: inShop }), metadata })
      expect(answer).toMatchObject({
        code: 201,
        kind: 'LocalSubjectAccessReview',
        metadata: { namespace: 'shop' },
        spec: { user: 'bob', resourceAttributes: inShop },
        status: { allowed: true },
      })
      expect(answer.asked[0]).toMatchObject({
        namespace: 'shop',
        resource: 'pods',
        user: { username: 'bob' },
      })
    },
  )

  it('is a 400 with metadata of the wrong type, which is said once', async () => {
    expect(await ask(LOCAL, { ...about({ resourceAttributes: inShop }), metadata: [] })).toMatchObject({
      code: 400,
      message: 'metadata: Invalid value: must be an object',
    })
  })

  it('is refused in another namespace than it says', async () => {
    const body = { ...about({ resourceAttributes: inShop }), metadata: { namespace: 'other' } }
    expect(await ask(LOCAL, body)).toMatchObject({
      code: 400,
      message: 'the namespace of the provided object does not match the namespace sent on the request',
    })
  })

  it.each([
    [
      'asks about another namespace',
      about({ resourceAttributes: { ...pods, namespace: 'other' } }),
      'spec.resourceAttributes.namespace',
    ],
    ['asks about no namespace', about({ resourceAttributes: pods }), 'spec.resourceAttributes.namespace'],
    ['asks about a path', about({ nonResourceAttributes: { path: '/' } }), 'spec.nonResourceAttributes'],
    [
      'has a name',
      { ...about({ resourceAttributes: inShop }), metadata: { name: 'a', namespace: 'shop' } },
      'metadata',
    ],
    ['names no user and no group', { spec: { resourceAttributes: inShop } }, 'spec.user'],
  ])('is refused when it %s', async (_, body, field) => {
    const answer = await ask(LOCAL, body)
    expect(answer).toMatchObject({ code: 422, details: { kind: 'LocalSubjectAccessReview' } })
    expect(causesOf(answer).map((cause) => cause.field)).toEqual([field])
    expect(answer.asked).toEqual([])
  })
})

it.each([
  ['disallowed on this kind of request', {}],
  ['cannot be specified in combination with resourceAttributes', { resourceAttributes: pods }],
])('prints a path that is %s as the API server does', async (rule, more) => {
  const answer = await ask(LOCAL, about({ nonResourceAttributes: { path: '/a', verb: 'get' }, ...more }))
  expect(causesOf(answer).map(({ message }) => message)).toContain(
    `Invalid value: {"Path":"/a","Verb":"get"}: ${rule}`,
  )
})

it('tells an observer what was asked', async () => {
  const { observer, events } = recorder()
  const { request, body } = sent({ spec: { resourceAttributes: pods } }, { url: SELF })
  await handleReviews({ name: 'yes', authorize: () => allow() }, { observer })(request, body, {
    user: caller,
  })
  expect(events).toMatchObject([
    { type: 'authorizerConsulted', attributes: { resource: 'pods', user: caller } },
  ])
})

interface Cause {
  readonly reason: string
  readonly field: string
  readonly message: string
}

function causesOf(answer: Answered): readonly Cause[] {
  return (answer['details'] as { readonly causes: readonly Cause[] }).causes
}
