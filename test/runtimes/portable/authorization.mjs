import { fetchRequest, impersonateRequest } from '@kube-authn/core/adapter'
import { userInfo } from '@kube-authn/core'
import {
  authorizeRequest,
  impersonationHeaders,
  parseRbac,
  rbac,
  requestInfo,
} from '@kube-authn/core/authorization'
import { checksOf } from './check.mjs'
import { expectEqual, expectText, thrownBy } from './expect.mjs'
import { requestWith } from './requests.mjs'

/** The permissions for all checks here and of the adapter. */
export const RBAC = `
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: { name: reader }
rules:
- { apiGroups: [""], resources: [pods, pods/log], verbs: [get, list] }
- { nonResourceURLs: [/metrics/*], verbs: [get] }
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: { name: support }
rules:
- { apiGroups: [""], resources: [users], verbs: [impersonate], resourceNames: [jane] }
- { apiGroups: [""], resources: [groups], verbs: [impersonate], resourceNames: [dev, ops] }
- { apiGroups: [authentication.k8s.io], resources: [userextras/acme.com/reason], verbs: [impersonate] }
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: { name: readers, namespace: shop }
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: reader }
subjects:
- { apiGroup: rbac.authorization.k8s.io, kind: User, name: jane }
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: { name: supporters }
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: support }
subjects:
- { apiGroup: rbac.authorization.k8s.io, kind: Group, name: support }
`

const JANE = userInfo({ username: 'jane' })
const CLARK = userInfo({ username: 'clark', groups: ['support'] })

const rbacCheck = checksOf('rbac')

rbacCheck('allows what roles say, where they say it', async () => {
  const authorize = authorizeRequest(rbac(parseRbac(RBAC)))
  const isAllowed = async (user, path, method = 'GET') =>
    !('failure' in (await authorize(fetchRequest({ ...requestOf(path), method }), user)))
  expectEqual(await isAllowed(JANE, '/api/v1/namespaces/shop/pods/p'), true)
  expectEqual(await isAllowed(JANE, '/api/v1/namespaces/shop/pods/p/log'), true)
  for (const [path, method] of [
    ['/api/v1/namespaces/bank/pods/p'],
    ['/api/v1/namespaces/shop/pods/p', 'DELETE'],
    ['/api/v1/namespaces/shop/secrets/s'],
    ['/api/v1/namespaces/shop/pods/p/exec'],
    ['/metrics/x'],
  ]) {
    expectEqual(await isAllowed(JANE, path, method), false)
  }
  expectEqual(await isAllowed(CLARK, '/api/v1/namespaces/shop/pods/p'), false)
})

rbacCheck('refuses in the words of Kubernetes', async () => {
  const outcome = await authorizeRequest(rbac(parseRbac(RBAC)))(
    fetchRequest(requestOf('/api/v1/namespaces/shop/secrets/s')),
    JANE,
  )
  const { status, message } = await outcome.failure.getResponse().json()
  expectEqual(status, 'Failure')
  const expected = 'User "jane" cannot get resource "secrets" in API group "" in the namespace "shop"'
  expectText(message, expected)
})

rbacCheck('refuses a manifest that is wrong, by its fields', async () => {
  const error = await thrownBy(() => parseRbac(RBAC.replace('verbs: [get, list]', 'verbs: get')))
  expectText(error.message, 'rules[0].verbs')
})

rbacCheck('reads the path of a request as it was sent', () => {
  const info = requestInfo({ method: 'GET', path: '/api/v1/namespaces/sh%6Fp/pods/p%2Fq', query: '' })
  expectEqual([info.namespace, info.resource], ['shop', 'pods'])
})

const check = checksOf('impersonation')

for (const mode of ['legacy', 'constrained']) {
  const impersonate = (headers, user = CLARK) =>
    impersonateRequest(rbac(parseRbac(RBAC)), { mode })(fetchRequest(requestWith(headers)), user)

  check(`impersonates users, as far as allowed (${mode})`, async () => {
    const headers = {
      'impersonate-user': 'jane',
      'impersonate-group': 'dev',
      'impersonate-extra-acme.com%2freason': 'ticket 1',
    }
    const { user, requester } = await impersonate(headers)
    expectEqual(
      [user.username, user.groups, requester.username],
      ['jane', ['dev', 'system:authenticated'], 'clark'],
    )
    expectEqual({ ...user.extra }, { 'acme.com/reason': ['ticket 1'] })
  })

  check(`asks for every one of repeated groups (${mode})`, async () => {
    const groups = (...names) => {
      const headers = new Headers({ 'impersonate-user': 'jane' })
      for (const name of names) headers.append('impersonate-group', name)
      return headers
    }
    expectEqual((await impersonate(groups('dev', 'ops'))).user.groups, ['dev', 'ops', 'system:authenticated'])
    expectEqual((await impersonate(groups('dev', 'system:masters'))).failure?.status, 403)
    expectEqual((await impersonate(groups('dev,system:masters'))).failure?.status, 403)
  })

  check(`refuses what is not allowed, or makes no sense (${mode})`, async () => {
    expectEqual((await impersonate({ 'impersonate-user': 'root' })).failure?.status, 403)
    expectEqual(
      (await impersonate({ 'impersonate-user': 'jane', 'impersonate-uid': '0' })).failure?.status,
      403,
    )
    expectEqual((await impersonate({ 'impersonate-user': 'jane' }, JANE)).failure?.status, 403)
    const status = (await impersonate({ 'impersonate-group': 'dev' })).failure?.status
    expectEqual(status >= 400, true)
  })
}

check('goes on to an upstream in headers, one for each group', () => {
  const headers = impersonationHeaders(
    userInfo({ username: 'jane', groups: ['a', 'b'], extra: { 'acme.com/x': ['1'] } }),
  )
  expectEqual(
    [...headers].map(([name, value]) => `${name.toLowerCase()}: ${value}`),
    [
      'impersonate-user: jane',
      'impersonate-group: a',
      'impersonate-group: b',
      'impersonate-extra-acme.com%2fx: 1',
    ],
  )
})

const requestOf = (path) => ({ method: 'GET', url: `https://app.example.com${path}`, headers: new Headers() })
