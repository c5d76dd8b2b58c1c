import { describe, expect, it } from 'vitest'
import { adviceOn as adviceSteps, keyOf } from './advice.ts'
import { parseRbac } from './parse.ts'

const API = { apiVersion: 'rbac.authorization.k8s.io/v1' }

function adviceOn(...objects: readonly object[]): readonly string[] {
  const text = objects.map((object) => JSON.stringify({ ...API, ...object })).join('\n---\n')
  return parseRbac(text).advice.map(({ path, message }) => `${path}: ${message}`)
}

const onRule = (rule: object): readonly string[] =>
  adviceOn({
    kind: 'ClusterRole',
    metadata: { name: 'r' },
    rules: [{ verbs: ['get'], apiGroups: [''], resources: ['pods'], ...rule }],
  }).map((text) => text.replace('ClusterRole "r": rules[0]: ', ''))

const onPath = (url: string): readonly string[] =>
  onRule({ apiGroups: [], resources: [], nonResourceURLs: [url] })

describe('advice on a rule', () => {
  it.each<[string, object]>([
    ['a usual one', {}],
    ['stars', { verbs: ['*'], apiGroups: ['*'], resources: ['*'] }],
    ['a subresource of any resource', { resources: ['*/scale'] }],
    ['names of what is read', { resourceNames: ['a'] }],
    ['names of what is made and read', { verbs: ['create', 'get'], resourceNames: ['a'] }],
    ['no name, for a list', { verbs: ['list'], resourceNames: [''] }],
    ['no name, for a list among others', { verbs: ['get', 'watch'], resourceNames: [''] }],
    [
      'users who are impersonated',
      { verbs: ['impersonate'], resources: ['users', 'groups', 'serviceaccounts'] },
    ],
    [
      'uids who are impersonated',
      { verbs: ['impersonate'], apiGroups: ['authentication.k8s.io'], resources: ['uids', 'userextras/x'] },
    ],
    ['users in any group', { verbs: ['impersonate'], apiGroups: ['*'], resources: ['users', 'uids'] }],
    [
      'a constrained mode',
      {
        verbs: ['impersonate:user-info'],
        apiGroups: ['authentication.k8s.io'],
        resources: ['users', 'nodes'],
      },
    ],
    ['other resources', { verbs: ['impersonate'], resources: ['pods'] }],
    ['users who are read, in any group', { apiGroups: ['example.com'], resources: ['users'] }],
    ['a group that only looks like a version', { apiGroups: ['v', 'version.io', 'av1'] }],
  ])('is none on %s', (_, rule) => {
    expect(onRule(rule)).toEqual([])
  })

  it.each<[object, readonly string[]]>([
    [{ verbs: ['get*', 'list'] }, ['verb get* is not a pattern']],
    [{ apiGroups: ['apps*', ''] }, ['apps* is not an API group; the core group is ""']],
    [{ apiGroups: ['v1'] }, ['v1 is not an API group; the core group is ""']],
    [{ apiGroups: ['v1beta1'] }, ['v1beta1 is not an API group; the core group is ""']],
    [{ resources: ['pods/*'] }, ['resource pods/* is not a pattern']],
    [{ resources: ['*/*'] }, ['resource */* is not a pattern']],
    [{ resources: ['po*', 'pods'] }, ['resource po* is not a pattern']],
    [
      { verbs: ['create'], resourceNames: ['a'] },
      ['create requests have no name, so resourceNames match none of them'],
    ],
    [
      { verbs: ['create', 'deletecollection'], resourceNames: ['a'] },
      ['create and deletecollection requests have no name, so resourceNames match none of them'],
    ],
    [{ resourceNames: ['', 'a'] }, ['an empty name in resourceNames matches only requests without a name']],
    [
      { verbs: ['impersonate'], apiGroups: ['authentication.k8s.io'], resources: ['users'] },
      ['users are impersonated in API group "", so this grants nothing'],
    ],
    [
      { verbs: ['impersonate'], resources: ['uids'] },
      ['uids are impersonated in API group "authentication.k8s.io", so this grants nothing'],
    ],
    [
      { verbs: ['impersonate'], resources: ['userextras/x'] },
      ['userextras/x are impersonated in API group "authentication.k8s.io", so this grants nothing'],
    ],
    [
      { verbs: ['impersonate:associated-node'], resources: ['nodes'] },
      ['nodes are impersonated in API group "authentication.k8s.io", so this grants nothing'],
    ],
    [
      { verbs: ['impersonate', 'impersonate:x'], apiGroups: ['x'], resources: ['serviceaccounts'] },
      ['serviceaccounts are impersonated in API group "", so this grants nothing'],
    ],
    [
      { verbs: ['get', 'impersonate'], apiGroups: ['x'], resources: ['groups'] },
      ['groups are impersonated in API group "", so this grants nothing'],
    ],
    [
      { verbs: ['impersonate'], apiGroups: ['authentication.k8s.io'], resources: ['userextras'] },
      ['an extra field must be granted as userextras/<key>'],
    ],
  ])('on %j', (rule, expected) => {
    expect(onRule(rule)).toEqual(expected)
  })

  it.each(['/', '/x', '/x/*', '/x**', '*'])('is none on the path %s', (url) => {
    expect(onPath(url)).toEqual([])
  })

  it.each(['x', '/*/x', '/*/x*', '/a**b', '**', 'x*'])('on the path %s is that it never matches', (url) => {
    expect(onPath(url)).toEqual([
      `URL ${url} never matches: it must start with a slash, and have stars only at its end`,
    ])
  })

  it.each(['users', 'groups', 'uids', 'userextras', 'userextras/x'])(
    'on %s in a Role is that they belong to the cluster',
    (resource) => {
      const rules = [{ verbs: ['impersonate'], apiGroups: ['*'], resources: [resource] }]
      expect(adviceOn({ kind: 'Role', metadata: { name: 'r', namespace: 'ns' }, rules })).toEqual([
        `Role "ns/r": rules[0]: ${resource.split('/')[0]} are cluster-scoped, so a Role never grants them`,
      ])
    },
  )
})

describe('advice on a binding', () => {
  const role = (name: string, namespace: string) => ({ kind: 'Role', metadata: { name, namespace } })
  const clusterRole = { kind: 'ClusterRole', metadata: { name: 'cr' } }
  const binding = (kind: string, name: string) => ({
    kind: 'RoleBinding',
    metadata: { name: 'b', namespace: 'ns' },
    roleRef: { kind, name },
  })
  const missing = (kind: string, name: string) => [
    `RoleBinding "ns/b": roleRef: there is no ${kind} "${name}", so it grants nothing`,
  ]

  it.each<[string, string, readonly string[]]>([
    ['Role', 'r', []],
    ['ClusterRole', 'cr', []],
    ['Role', 'other', missing('Role', 'other')],
    ['Role', 'cr', missing('Role', 'cr')],
    ['ClusterRole', 'r', missing('ClusterRole', 'r')],
  ])('of %s %s', (kind, name, expected) => {
    expect(adviceOn(role('r', 'ns'), role('other', 'elsewhere'), clusterRole, binding(kind, name))).toEqual(
      expected,
    )
  })
})

describe('advice on objects of another API', () => {
  it('is that they are ignored, and where they are', () => {
    const text = '{"apiVersion":"v1","kind":"Namespace"}\n---\n{"apiVersion":"apps/v1","kind":"Deployment"}'
    expect(parseRbac({ name: 'a.yaml', text }).advice).toEqual([
      {
        code: 'foreignObject',
        path: 'a.yaml[0]',
        message: 'Namespace (v1) is neither a role nor a binding, and is ignored',
      },
      {
        code: 'foreignObject',
        path: 'a.yaml[1]',
        message: 'Deployment (apps/v1) is neither a role nor a binding, and is ignored',
      },
    ])
  })
})

describe('a key', () => {
  it('tells kinds, namespaces and names apart', () => {
    const names = ['', 'a', 'a b', '__proto__', '","']
    const keys = ['Role', 'RoleBinding'].flatMap((kind) =>
      names.flatMap((namespace) => names.map((name) => keyOf({ kind, namespace, name }))),
    )
    expect(new Set(keys).size).toBe(keys.length)
  })
})

it('pauses after every 256 objects of each of its two passes', () => {
  const objects = Array.from({ length: 513 }, (_, index) => ({
    kind: 'ClusterRole' as const,
    name: `r${index}`,
    namespace: '',
    labels: new Map<string, string>(),
    rules: [],
  }))
  expect([...adviceSteps(objects)]).toHaveLength(6)
})
