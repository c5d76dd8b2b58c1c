import { metrics } from '@kube-authn/metrics'
import { describe, expect, it } from 'vitest'
import { expectLinearWorkUntil } from '../../../test/growth.ts'
import { auditLog } from './audit-log.ts'
import {
  type AuthenticationRequest,
  bearerToken,
  explain,
  rejected,
  union,
  userInfo,
  webSocketProtocol,
} from '@kube-authn/core'
import { alwaysAllow, authorizeRequest } from '@kube-authn/core/authorization'
import { exactHeaders } from '@kube-authn/core/internal'
import { authenticateRequest, impersonateRequest } from '@kube-authn/core/adapter'
import { cached } from '@kube-authn/core/remote'
import { requestHeader } from '@kube-authn/core/client-certificate'
import { revocationList, unlessRevoked } from '@kube-authn/core/revocation'

const some = <T>(length: number, make: (index: number) => T): T[] =>
  Array.from({ length }, (_, index) => make(index))
const names = (length: number): string[] => some(length, (index) => `n${index}`)
const repeated = (length: number, name: string, value: (index: number) => string): readonly string[] =>
  some(length, (index) => [name, value(index)]).flat()
const members = (length: number): Readonly<Record<string, readonly string[]>> =>
  Object.fromEntries(names(length).map((name) => [name, [name]]))

/** A token as long as the user that it stands for, who is known by its digits. */
const users = (token: string): ReturnType<typeof userInfo> => {
  const [, what = '', digits = ''] = /^([a-z]+)(\d+)/.exec(token) ?? []
  const length = Number(digits)
  if (what === 'groups') return userInfo({ username: 'jane', groups: names(length) })
  if (what === 'same') return userInfo({ username: 'jane', groups: some(length, () => 'n0') })
  if (what === 'keys') return userInfo({ username: 'jane', extra: members(length) })
  if (what === 'values') return userInfo({ username: 'jane', extra: { k: names(length) } })
  if (what === 'name') return userInfo({ username: 'x'.repeat(length) })
  throw rejected(`the token ${token} is bad`)
}
const bearer =
  (what: string) =>
  (length: number): readonly string[] => ['Authorization', `Bearer ${what}${length}`]

/** What a client may send. */
const HEADERS: readonly (readonly [string, (length: number) => readonly string[]])[] = [
  ['headers', (length) => repeated(length, 'X-Any', String)],
  ['headers of different names', (length) => some(length, (index) => [`X-${index}`, 'v']).flat()],
  ['authorizations', (length) => repeated(length, 'Authorization', (index) => `Bearer ${index}`)],
  ['words of an authorization', (length) => ['Authorization', `Bearer ${'x '.repeat(length)}`]],
  ['characters of a bad token', (length) => ['Authorization', `Bearer ${'x.'.repeat(length)}`]],
  ['cookies', (length) => ['Cookie', some(length, (index) => `name${index}=value${index}`).join('; ')]],
  [
    'protocols of a WebSocket',
    (length) => ['Sec-WebSocket-Protocol', some(length, (index) => `p${index}`).join(', ')],
  ],
  [
    'headers of protocols',
    (length) =>
      repeated(length, 'Sec-WebSocket-Protocol', (index) => `base64url.bearer.authorization.k8s.io.${index}`),
  ],
  [
    'groups from a proxy',
    (length) => ['X-Remote-User', 'jane', ...repeated(length, 'X-Remote-Group', String)],
  ],
  [
    'extra fields from a proxy',
    (length) => [
      'X-Remote-User',
      'jane',
      ...some(length, (index) => [`X-Remote-Extra-${index}`, 'v']).flat(),
    ],
  ],
  [
    'values of an extra field from a proxy',
    (length) => ['X-Remote-User', 'jane', ...repeated(length, 'X-Remote-Extra-K', String)],
  ],
  [
    'escapes in the name of a field',
    (length) => ['X-Remote-User', 'jane', `X-Remote-Extra-${'%41%'.repeat(length)}`, 'v'],
  ],
  [
    'groups to impersonate',
    (length) => [
      'X-Remote-User',
      'jane',
      'Impersonate-User',
      'bob',
      ...repeated(length, 'Impersonate-Group', String),
    ],
  ],
  [
    'extra fields to impersonate',
    (length) => [
      'X-Remote-User',
      'jane',
      'Impersonate-User',
      'bob',
      ...some(length, (index) => [`Impersonate-Extra-${index}`, 'v']).flat(),
    ],
  ],
  [
    'characters of a user to impersonate',
    (length) => ['X-Remote-User', 'jane', 'Impersonate-User', 'x:'.repeat(length)],
  ],
  [
    'addresses of proxies',
    (length) => ['X-Remote-User', 'jane', 'X-Forwarded-For', some(length, () => '10.0.0.1').join(', ')],
  ],
  ['groups of a user', bearer('groups')],
  ['groups of a user that are the same', bearer('same')],
  ['extra keys of a user', bearer('keys')],
  ['extra values of a user', bearer('values')],
  ['characters of a username', bearer('name')],
]

const PROXY = {
  trusts: () => true,
  usernameHeaders: ['X-Remote-User'],
  groupHeaders: ['X-Remote-Group'],
  extraHeaderPrefixes: ['X-Remote-Extra-'],
}

/** What a request passes on its way to an app. */
function chain(maxValues: number): (request: AuthenticationRequest) => Promise<void> {
  const counted = metrics()
  const audit = auditLog({ write: (event) => JSON.stringify(event), observer: counted.observer })
  const observer: typeof audit = (event) => {
    audit(event)
    counted.observer(event)
  }
  const list = revocationList()
  list.set('other', { attribute: { key: 'other', value: 'x' } })
  const byToken = cached(
    { name: 'users', authenticateToken: (token) => ({ user: users(token) }) },
    { failureTtlSeconds: 10 },
  )
  const authenticator = unlessRevoked(
    list,
    union(requestHeader(PROXY), bearerToken(byToken), webSocketProtocol(byToken)),
  )
  const authenticate = authenticateRequest(authenticator, { observer, log: false })
  const impersonate = impersonateRequest(alwaysAllow(), { observer, log: false, maxValues })
  const authorize = authorizeRequest(alwaysAllow(), { observer, log: false })
  return async (request) => {
    const who = await authenticate(request, { impersonates: true })
    if ('authentication' in who) {
      const as = await impersonate(request, who.authentication.user)
      if (!('failure' in as)) await authorize(request, as.user)
    }
    observer({ type: 'response', request, status: 200 })
    const { outcome } = await explain(authenticator, request)
    expect(outcome).not.toBe('unavailable')
  }
}

describe('the work of a request', () => {
  it.each(HEADERS)('grows with how many %s it has', async (_, headers) => {
    const take = chain(100_000)
    await expectLinearWorkUntil(400, (length) => {
      const raw = headers(length)
      return async () => {
        for (let time = 0; time < 3; time++) {
          await take({ method: 'GET', path: '/api/v1/pods', query: '', headers: exactHeaders(raw) })
        }
      }
    })
  })

  it.each<[string, (length: number) => string, (length: number) => string]>([
    ['slashes', (length) => '/'.repeat(length), () => ''],
    ['parts of a path', (length) => '/a'.repeat(length), () => ''],
    ['parts of a resource', (length) => `/api/v1/namespaces${'/a'.repeat(length)}`, () => ''],
    ['escapes in a path', (length) => `/${'%41'.repeat(length)}`, () => ''],
    ['parameters', () => '/api/v1/pods', (length) => names(length).join('&')],
    ['parameters of one name', () => '/api/v1/pods', (length) => some(length, () => 'watch=1').join('&')],
    [
      'requirements on fields',
      () => '/api/v1/pods',
      (length) => `fieldSelector=${some(length, (index) => `a${index}=b`).join(',')}`,
    ],
    [
      'requirements on labels',
      () => '/api/v1/pods',
      (length) => `labelSelector=${some(length, (index) => `a${index}=b`).join(',')}`,
    ],
    [
      'values of a requirement',
      () => '/api/v1/pods',
      (length) => `labelSelector=a%20in%20(${names(length).join(',')})`,
    ],
    ['escapes in a field', () => '/api/v1/pods', (length) => `fieldSelector=${'%5C,'.repeat(length)}`],
  ])('grows with how many %s there are', async (_, path, query) => {
    const take = chain(256)
    await expectLinearWorkUntil(400, (length) => async () => {
      for (let time = 0; time < 3; time++) {
        await take({
          method: 'GET',
          path: path(length),
          query: query(length),
          headers: exactHeaders(['X-Remote-User', 'jane']),
        })
      }
    })
  })

  it('asks once for each of the values to impersonate, of which there are at most 256', async () => {
    const asked = async (count: number): Promise<number> => {
      let questions = 0
      const counting = {
        name: 'counting',
        authorize: (...given: Parameters<ReturnType<typeof alwaysAllow>['authorize']>) => {
          questions++
          return alwaysAllow().authorize(...given)
        },
      }
      const raw = ['Impersonate-User', 'bob', ...repeated(count, 'Impersonate-Group', String)]
      await impersonateRequest(counting, { mode: 'legacy' })(
        { method: 'GET', path: '/', query: '', headers: exactHeaders(raw) },
        userInfo({ username: 'jane' }),
      )
      return questions
    }
    expect(await asked(256)).toBe(257)
    expect(await asked(257)).toBe(0)
  })
})
