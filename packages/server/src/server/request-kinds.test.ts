import { requestInfo } from '@kube-authn/core/authorization'
import { expect, it } from 'vitest'
import { allResources } from '../registry/resources/index.ts'
import { requestKinds } from './request-kinds.ts'

const kindOf = requestKinds(allResources)

const NOTHING = { group: '', version: '', resource: '', subresource: '', scope: '' }
const maps = { ...NOTHING, version: 'v1', resource: 'configmaps', scope: 'namespace' }

it.each([
  ['GET', '/api/v1/namespaces/shop/configmaps', '', { ...maps, verb: 'LIST' }],
  ['GET', '/api/v1/namespaces/shop/configmaps', 'watch=1', { ...maps, verb: 'WATCH' }],
  ['POST', '/api/v1/namespaces/shop/configmaps', '', { ...maps, verb: 'POST' }],
  ['PUT', '/api/v1/namespaces/shop/configmaps/x', '', { ...maps, verb: 'PUT', scope: 'resource' }],
  ['DELETE', '/api/v1/namespaces/shop/configmaps', '', { ...maps, verb: 'DELETECOLLECTION' }],
  ['GET', '/api/v1/configmaps', '', { ...maps, verb: 'LIST', scope: 'cluster' }],
  [
    'PUT',
    '/apis/certificates.k8s.io/v1/certificatesigningrequests/x/approval',
    '',
    {
      verb: 'PUT',
      group: 'certificates.k8s.io',
      version: 'v1',
      resource: 'certificatesigningrequests',
      subresource: 'approval',
      scope: 'resource',
    },
  ],
  ['GET', '/healthz', '', { ...NOTHING, verb: 'GET' }],
])('%s %s?%s is counted by what it is about', (method, path, query, expected) => {
  expect(kindOf(requestInfo({ method, path, query }))).toEqual(expected)
})

it.each([
  ['MADE-UP', '/api/v1/namespaces/shop/configmaps'],
  ['GET', '/apis/made-up/v1/configmaps'],
  ['GET', '/api/made-up/configmaps'],
  ['GET', '/api/v1/made-up'],
  ['GET', '/api/v1/namespaces/shop/configmaps/x/made-up'],
  ['GET', '/made-up'],
  ['GET', '/api/v1/constructor'],
])('%s %s leaves nothing of what its client has made up', (method, path) => {
  const labels = Object.values(kindOf(requestInfo({ method, path, query: '' }))).join()
  expect(labels).not.toMatch(/made-up|constructor|shop/i)
})
