import { describe, expect, it } from 'vitest'
import { requestOf } from '../../test/requests.ts'
import { impersonateRequest } from '../impersonation/impersonate-request.ts'
import type { HttpAnswer } from '../authenticator/status.ts'
import { userInfo } from '../authenticator/user.ts'
import { alwaysAllow } from './always.ts'
import { authorizeRequest } from './authorize-request.ts'
import { belowPrefix } from './path-prefix.ts'

describe('belowPrefix', () => {
  it.each([
    ['/cluster/api/v1', '/api/v1'],
    ['/cluster/', '/'],
    ['/cluster', '/'],
    ['/cluster//api', '//api'],
    ['/cluster/%2e%2e/api', '/%2e%2e/api'],
    ['/cluster/cluster', '/cluster'],
    ['/clusters/api', undefined],
    ['/clusterapi', undefined],
    ['/Cluster/api', undefined],
    ['/%63luster/api', undefined],
    ['//cluster/api', undefined],
    ['/x/cluster/api', undefined],
    ['cluster/api', undefined],
    ['/', undefined],
    ['', undefined],
    ['*', undefined],
    ['http://h:a/cluster/api', undefined],
  ])('%j is %j', (path, expected) => {
    expect(belowPrefix({ method: 'GET', path, query: 'a=b' }, '/cluster')).toEqual(
      expected === undefined ? undefined : { method: 'GET', path: expected, query: 'a=b' },
    )
  })
})

const authorizer = alwaysAllow()
const FACTORIES: readonly (readonly [string, (options: { prefix: string }) => unknown])[] = [
  ['authorizeRequest', (options) => authorizeRequest(authorizer, options)],
  ['impersonateRequest', (options) => impersonateRequest(authorizer, options)],
]

describe.each(FACTORIES)('the option prefix of %s', (_, make) => {
  it.each(['', '/', 'cluster', '/cluster/', '/a//b', '/a/../b', '/./a', '/a b', '/%63', '/ä', '/a?b', '/*'])(
    'must not be %j',
    (prefix) => {
      expect(() => make({ prefix })).toThrow('prefix: must be a path without a slash at its end')
    },
  )

  it.each(['/a', '/clusters/eu-1', '/~x/_y.z', '/a/.b', '/...'])('may be %j', (prefix) => {
    expect(() => make({ prefix })).not.toThrow()
  })
})

it.each([
  ['authorizeRequest', authorizeRequest],
  ['impersonateRequest', impersonateRequest],
])('%s takes either prefix or attributes', (_, make) => {
  const attributes = () => ({ verb: 'get' })
  expect(() => make(authorizer, { prefix: '/a', attributes })).toThrow(
    'prefix: must not be given together with attributes',
  )
})

it.each([
  '/cluster/API/v1/pods',
  '/cluster//api/v1/pods',
  '/cluster/api/v1/%2fpods',
  '/cluster/../api',
  '/cluster/%zz',
])('an ambiguous path below a prefix is refused as it is without one: %s', async (path) => {
  const authorize = authorizeRequest(authorizer, { prefix: '/cluster', log: false })
  const outcome = await authorize({ ...requestOf(), path }, userInfo({ username: 'jane' }))
  expect(outcome).toMatchObject({ failure: { status: 400 } })
})

it.each(['/', '/clusters/api/v1/pods', '/Cluster/api/v1/pods', '*'])(
  'a request that is not below the prefix is not found, whatever is allowed: %s',
  async (path) => {
    const authorize = authorizeRequest(authorizer, { prefix: '/cluster', log: false })
    const outcome = await authorize({ ...requestOf(), path }, userInfo({ username: 'jane' }))
    const { failure } = outcome as { readonly failure: HttpAnswer }
    expect(JSON.parse(failure.content)).toMatchObject({
      code: 404,
      reason: 'NotFound',
      message: 'the server could not find the requested resource',
    })
  },
)
