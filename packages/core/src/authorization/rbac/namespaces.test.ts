import { describe, expect, it } from 'vitest'
import { attributesOf, type RequestAttributes } from '../attributes.ts'
import type { Decision } from '../decision.ts'
import { emptyContext } from '../../authenticator/context.ts'
import { userInfo } from '../../authenticator/user.ts'
import { rbacPolicy } from './parse.ts'
import { rbac } from './rbac.ts'

const API = { apiVersion: 'rbac.authorization.k8s.io/v1' }
const rule = (resource: string) => ({ verbs: ['get'], apiGroups: [''], resources: [resource] })

const role = (name: string, namespace: string, ...rules: readonly object[]) => ({
  ...API,
  kind: 'Role',
  metadata: { name, namespace },
  rules,
})
const clusterRole = (name: string, ...rules: readonly object[]) => ({
  ...API,
  kind: 'ClusterRole',
  metadata: { name },
  rules,
})
const bind = (namespace: string, kind: string, name: string, ...subjects: readonly object[]) => ({
  ...API,
  kind: 'RoleBinding',
  metadata: { name: `b-${name}`, namespace },
  roleRef: { kind, name },
  subjects,
})
const bindCluster = (kind: string, name: string, ...subjects: readonly object[]) => ({
  ...API,
  kind: 'ClusterRoleBinding',
  metadata: { name: `c-${name}` },
  roleRef: { kind, name },
  subjects,
})
const jane = { kind: 'User', name: 'jane' }
const account = (name: string, namespace?: string) => ({
  kind: 'ServiceAccount',
  name,
  ...(namespace !== undefined && { namespace }),
})

function ask(objects: readonly object[], request: RequestAttributes, username = 'jane'): Decision {
  const authorizer = rbac(rbacPolicy(objects))
  return authorizer.authorize(attributesOf(userInfo({ username }), request), emptyContext) as Decision
}

const getPod = (namespace?: string): RequestAttributes => ({
  verb: 'get',
  resource: 'pods',
  name: 'p',
  ...(namespace !== undefined && { namespace }),
})

describe('what is bound in a namespace', () => {
  const policy = [
    role('r', 'a', rule('pods')),
    role('other', 'a', rule('secrets')),
    role('r', 'b', rule('secrets')),
    bind('a', 'Role', 'r', jane),
    bind('b', 'Role', 'r', jane),
    bind('a', 'ClusterRole', 'cr', jane),
    clusterRole('cr', rule('nodes')),
    clusterRole('r', rule('everything')),
  ]

  it.each([
    ['pods', 'a', true],
    ['nodes', 'a', true],
    ['secrets', 'a', false],
    ['everything', 'a', false],
    ['secrets', 'b', true],
    ['pods', 'b', false],
    ['nodes', 'b', false],
    ['pods', 'c', false],
    ['pods', undefined, false],
    ['nodes', undefined, false],
  ])('counts for %s of namespace %s: %s', (resource, namespace, expected) => {
    const { verdict } = ask(policy, { ...getPod(namespace), resource })
    expect(verdict).toBe(expected ? 'allow' : 'noOpinion')
  })

  it('is named with its namespace', () => {
    expect(ask(policy, getPod('a')).reason).toBe(
      'RBAC: allowed by RoleBinding "b-r/a" of Role "r" to User "jane"',
    )
  })

  it.each<[string, ReturnType<typeof bind | typeof bindCluster>, string]>([
    ['Role', bind('a', 'Role', 'gone', jane), 'RBAC: role.rbac.authorization.k8s.io "gone" not found'],
    [
      'Role of another namespace',
      bind('b', 'Role', 'other', jane),
      'RBAC: role.rbac.authorization.k8s.io "other" not found',
    ],
    [
      'ClusterRole',
      bind('a', 'ClusterRole', 'gone', jane),
      'RBAC: clusterrole.rbac.authorization.k8s.io "gone" not found',
    ],
    ['Robot', bind('a', 'Robot', 'r', jane), 'RBAC: unsupported role reference kind: "Robot"'],
    [
      'Role, of the cluster',
      bindCluster('Role', 'r', jane),
      'RBAC: role.rbac.authorization.k8s.io "r" not found',
    ],
  ])('of a role that is not there grants nothing, and says so: %s', (_, binding, reason) => {
    const objects = [role('r', 'a', rule('pods')), role('other', 'a', rule('pods')), binding]
    const { metadata } = binding
    const namespace = 'namespace' in metadata ? metadata.namespace : 'a'
    expect(ask(objects, getPod(namespace))).toEqual({ verdict: 'noOpinion', reason })
  })
})

describe('a service account', () => {
  const objects = (binding: object): readonly object[] => [clusterRole('cr', rule('pods')), binding]

  it.each<[string, object, string, string, string | undefined]>([
    [
      'of its own namespace',
      bind('a', 'ClusterRole', 'cr', account('sa')),
      'system:serviceaccount:a:sa',
      'a',
      'RBAC: allowed by RoleBinding "b-cr/a" of ClusterRole "cr" to ServiceAccount "sa/a"',
    ],
    [
      'of another namespace',
      bind('a', 'ClusterRole', 'cr', account('sa', 'b')),
      'system:serviceaccount:b:sa',
      'a',
      'RBAC: allowed by RoleBinding "b-cr/a" of ClusterRole "cr" to ServiceAccount "sa/b"',
    ],
    [
      'of the cluster',
      bindCluster('ClusterRole', 'cr', account('sa', 'b')),
      'system:serviceaccount:b:sa',
      'a',
      'RBAC: allowed by ClusterRoleBinding "c-cr" of ClusterRole "cr" to ServiceAccount "sa/b"',
    ],
    [
      'of a namespace that is not bound',
      bind('a', 'ClusterRole', 'cr', account('sa', 'b')),
      'system:serviceaccount:a:sa',
      'a',
      undefined,
    ],
    [
      'without a namespace',
      bindCluster('ClusterRole', 'cr', account('sa')),
      'system:serviceaccount::sa',
      'a',
      undefined,
    ],
    [
      'by the name of a user',
      bind('a', 'ClusterRole', 'cr', { kind: 'User', name: 'sa' }),
      'system:serviceaccount:a:sa',
      'a',
      undefined,
    ],
    [
      'of another name',
      bind('a', 'ClusterRole', 'cr', account('sb')),
      'system:serviceaccount:a:sa',
      'a',
      undefined,
    ],
    [
      'as a subject of another kind',
      bind('a', 'ClusterRole', 'cr', { kind: 'Robot', name: 'system:serviceaccount:a:sa' }),
      'system:serviceaccount:a:sa',
      'a',
      undefined,
    ],
  ])('%s is bound, or not', (_, binding, username, namespace, reason) => {
    const expected =
      reason === undefined ? { verdict: 'noOpinion', reason: '' } : { verdict: 'allow', reason }
    expect(ask(objects(binding), getPod(namespace), username)).toEqual(expected)
  })
})

describe('the rules of a user', () => {
  const authorizer = rbac(
    rbacPolicy([
      clusterRole('paths', { verbs: ['get'], nonResourceURLs: ['/x'] }),
      clusterRole('top', rule('nodes')),
      role('r', 'a', rule('pods')),
      bindCluster('ClusterRole', 'paths', jane),
      bindCluster('ClusterRole', 'top', jane),
      bind('a', 'Role', 'r', jane),
      bind('b', 'Role', 'gone', jane),
    ]),
  )
  const resources = (namespace: string) => {
    const { resourceRules, nonResourceRules, ...rest } = authorizer.rulesFor(
      userInfo({ username: 'jane' }),
      namespace,
    )
    return {
      resources: resourceRules.map((each) => each.resources.join()),
      paths: nonResourceRules.map((each) => each.nonResourceURLs.join()),
      ...rest,
    }
  }

  it.each([
    ['a', ['nodes', 'pods']],
    ['', ['nodes']],
    ['c', ['nodes']],
  ])('are those of the cluster and of the namespace "%s"', (namespace, expected) => {
    expect(resources(namespace)).toEqual({ resources: expected, paths: ['/x'], incomplete: false })
  })

  it('say which role is missing, and are not called incomplete for it, as by kube-apiserver', () => {
    expect(resources('b')).toEqual({
      resources: ['nodes'],
      paths: ['/x'],
      incomplete: false,
      evaluationError: 'role.rbac.authorization.k8s.io "gone" not found',
    })
  })
})

describe('a role of several in an aggregated one', () => {
  const labelled = (name: string, resource: string) => ({
    ...clusterRole(name, rule(resource)),
    metadata: { name, labels: { to: 'top' } },
  })
  const top = {
    ...clusterRole('top'),
    aggregationRule: { clusterRoleSelectors: [{ matchLabels: { to: 'top' } }] },
  }

  it.each([[['a', 'b', 'c']], [['c', 'b', 'a']], [['b', 'c', 'a']]])(
    'comes in the order of names, however they were loaded: %j',
    (names) => {
      const authorizer = rbac(
        rbacPolicy([
          top,
          ...names.map((name) => labelled(name, `of-${name}`)),
          bindCluster('ClusterRole', 'top', jane),
        ]),
      )
      const { resourceRules } = authorizer.rulesFor(userInfo({ username: 'jane' }), '')
      expect(resourceRules.map(({ resources }) => resources.join())).toEqual(['of-a', 'of-b', 'of-c'])
    },
  )

  it('comes once where it is like another', () => {
    const authorizer = rbac(
      rbacPolicy([top, labelled('a', 'x'), labelled('b', 'x'), bindCluster('ClusterRole', 'top', jane)]),
    )
    expect(authorizer.rulesFor(userInfo({ username: 'jane' }), '').resourceRules).toHaveLength(1)
  })
})
