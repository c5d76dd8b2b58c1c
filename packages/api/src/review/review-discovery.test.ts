import { describe, expect, it, vi } from 'vitest'
import { alwaysAllow, alwaysDeny } from '@kube-authn/core/authorization'
import { userInfo } from '@kube-authn/core'
import { fetchRequest } from '@kube-authn/core/adapter'
import type { DiscoveryResource } from '../discovery/resource.ts'
import { handleReviews } from './handle-reviews.ts'
import type { HandleReviewsOptions } from './review-answers.ts'

const jane = userInfo({ username: 'jane', groups: ['system:authenticated'] })
const anonymous = userInfo({ username: 'system:anonymous', groups: ['system:unauthenticated'] })
const AUTHENTICATION = '/apis/authentication.k8s.io'
const AUTHORIZATION = '/apis/authorization.k8s.io'
const AGGREGATED =
  'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json'
const orders: DiscoveryResource = {
  group: 'shop.example.com',
  version: 'v1',
  kind: 'Order',
  plural: 'orders',
  singular: 'order',
  isNamespaced: true,
  verbs: ['get', 'list'],
  shortNames: ['ord'],
  subresources: [
    { name: 'status', verbs: ['get'] },
    {
      name: 'bill',
      verbs: ['create'],
      responseKind: { group: 'bills.example.com', version: 'v2', kind: 'Bill' },
    },
  ],
}
const pods: DiscoveryResource = {
  ...orders,
  group: '',
  kind: 'Pod',
  plural: 'pods',
  singular: 'pod',
  subresources: [],
}

async function ask(
  path: string,
  options: HandleReviewsOptions = {},
  { method = 'GET', accept = '', user = jane, authorizer = alwaysDeny() } = {},
) {
  const request = new Request(`https://api${path}`, { method, headers: accept === '' ? {} : { accept } })
  const handle = handleReviews(authorizer, options)
  return handle(fetchRequest(request), () => Promise.resolve(new Uint8Array()), { user })
}

const json = async (...asked: Parameters<typeof ask>): Promise<unknown> =>
  JSON.parse((await ask(...asked))?.content ?? '')

describe('discovery of the reviews', () => {
  it('has their groups and versions', async () => {
    expect(await json(AUTHENTICATION)).toEqual({
      kind: 'APIGroup',
      apiVersion: 'v1',
      name: 'authentication.k8s.io',
      versions: ['v1', 'v1beta1'].map((version) => ({
        groupVersion: `authentication.k8s.io/${version}`,
        version,
      })),
      preferredVersion: { groupVersion: 'authentication.k8s.io/v1', version: 'v1' },
    })
    expect(await json(`${AUTHORIZATION}/v1/`)).toMatchObject({
      kind: 'APIResourceList',
      groupVersion: 'authorization.k8s.io/v1',
      resources: [
        {
          name: 'subjectaccessreviews',
          singularName: 'subjectaccessreview',
          namespaced: false,
          verbs: ['create'],
        },
        { name: 'localsubjectaccessreviews', namespaced: true, kind: 'LocalSubjectAccessReview' },
        { name: 'selfsubjectaccessreviews', namespaced: false },
        { name: 'selfsubjectrulesreviews', namespaced: false },
      ],
    })
  })

  it.each(['/api', '/apis', '/api/', '/apis/', '/apis/shop.example.com', '/version', '/openapi/v3'])(
    'leaves %s to the app',
    async (path) => {
      expect(await ask(path)).toBeUndefined()
    },
  )

  it('has the resources of the app, if it is told them', async () => {
    const options = { discovery: [pods, orders] }
    expect(await json('/api', options)).toMatchObject({ kind: 'APIVersions', versions: ['v1'] })
    expect(await json('/apis', options)).toMatchObject({
      groups: [
        { name: 'authentication.k8s.io' },
        { name: 'authorization.k8s.io' },
        { name: 'shop.example.com' },
      ],
    })
    expect(await json('/apis/shop.example.com/v1', options)).toMatchObject({
      resources: [
        { name: 'orders', kind: 'Order', shortNames: ['ord'], verbs: ['get', 'list'] },
        { name: 'orders/status', kind: 'Order', verbs: ['get'] },
        { name: 'orders/bill', kind: 'Bill', group: 'bills.example.com', version: 'v2', verbs: ['create'] },
      ],
    })
    expect(await ask('/apis/other.example.com', options)).toBeUndefined()
  })

  it('is one document for those who prefer it', async () => {
    const answer = await ask('/apis', { discovery: [orders] }, { accept: AGGREGATED })
    expect(answer?.headers).toMatchObject({
      'content-type': 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList',
      vary: 'Accept',
    })
    expect(JSON.parse(answer?.content ?? '')).toMatchObject({
      kind: 'APIGroupDiscoveryList',
      items: [
        { metadata: { name: 'authentication.k8s.io' } },
        { metadata: { name: 'authorization.k8s.io' } },
        {
          metadata: { name: 'shop.example.com' },
          versions: [{ version: 'v1', resources: [{ resource: 'orders', scope: 'Namespaced' }] }],
        },
      ],
    })
    expect(await json('/api', { discovery: [] }, { accept: AGGREGATED })).toMatchObject({ items: [] })
  })

  it('is for every authenticated user, and for others who may read it', async () => {
    for (const path of [AUTHENTICATION, `${AUTHORIZATION}/v1`, '/apis']) {
      const options = { discovery: [] }
      expect(await ask(path, options)).toMatchObject({ status: 200 })
      expect(await ask(path, options, { user: anonymous })).toMatchObject({ status: 403 })
      expect(await ask(path, options, { user: anonymous, authorizer: alwaysAllow() })).toMatchObject({
        status: 200,
      })
      expect(await ask(path, options, { user: null as never })).toMatchObject({ status: 500 })
    }
  })

  it.each(['POST', 'HEAD', 'DELETE', 'OPTIONS'])('is not asked for with %s', async (method) => {
    expect(await ask(AUTHENTICATION, {}, { method })).toMatchObject({ status: 403 })
    expect(await ask(AUTHENTICATION, {}, { method, authorizer: alwaysAllow() })).toMatchObject({
      status: 405,
    })
  })

  it('is JSON only', async () => {
    expect(await ask(AUTHENTICATION, {}, { accept: 'application/yaml' })).toMatchObject({ status: 406 })
    expect(await ask('/apis', { discovery: [] }, { accept: 'application/json;as=Table' })).toMatchObject({
      status: 406,
    })
  })

  it.each([
    [{}, 'discovery: must be a list'],
    [[{}], 'discovery[0].group: is required'],
    [[{ ...orders, verbs: 'get' }], 'discovery[0].verbs: must be a list'],
    [[{ ...orders, name: 'x' }], 'discovery[0].name: unknown option'],
    [[{ ...orders, subresources: [{ name: 'a' }] }], 'discovery[0].subresources[0].verbs: is required'],
  ])('refuses the option %j', (discovery, problem) => {
    const make = vi.fn(() => handleReviews(alwaysAllow(), { discovery } as never))
    expect(make).toThrow(problem)
  })
})
