import { describe, expect, it } from 'vitest'
import { ConfigurationError } from '../../authenticator/errors.ts'
import { parseRbac } from './parse.ts'

const API = { apiVersion: 'rbac.authorization.k8s.io/v1' }

/** The problems of an object, without its name. */
function problemsOf(object: object): readonly string[] {
  try {
    parseRbac(JSON.stringify({ ...API, ...object }))
    return []
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error
    return error.problems.map(({ path, message }) => `${path}: ${message}`.replace(/^[^:]*: /, ''))
  }
}

const role = (rule: object) => ({ kind: 'Role', metadata: { name: 'r', namespace: 'ns' }, rules: [rule] })
const clusterRole = (rule: object) => ({ kind: 'ClusterRole', metadata: { name: 'r' }, rules: [rule] })
const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'r' }
const binding = (more: object) => ({
  kind: 'RoleBinding',
  metadata: { name: 'b', namespace: 'ns' },
  roleRef,
  ...more,
})
const clusterBinding = (more: object) => ({
  kind: 'ClusterRoleBinding',
  metadata: { name: 'b' },
  roleRef,
  ...more,
})
const aggregated = (...clusterRoleSelectors: readonly object[]) => ({
  kind: 'ClusterRole',
  metadata: { name: 'r' },
  aggregationRule: { clusterRoleSelectors },
})
const expression = (matchExpression: object) => aggregated({ matchExpressions: [matchExpression] })
const marked = (marks: object) => clusterBinding({ metadata: { name: 'b', ...marks } })
const pods = { verbs: ['get'], apiGroups: [''], resources: ['pods'] }

describe('what is valid', () => {
  it.each<[string, object]>([
    ['a rule on resources', role(pods)],
    ['a rule on names', role({ ...pods, resourceNames: ['a'] })],
    ['a rule on paths', clusterRole({ verbs: ['get'], nonResourceURLs: ['/x'] })],
    ['a name with colons', { kind: 'ClusterRole', metadata: { name: 'system:x:Y' } }],
    ['no subject', binding({})],
    ['a user', binding({ subjects: [{ kind: 'User', name: 'jane' }] })],
    [
      'a group, with its API group',
      clusterBinding({ subjects: [{ kind: 'Group', name: 'g', apiGroup: roleRef.apiGroup }] }),
    ],
    [
      'a service account of the same namespace',
      binding({ subjects: [{ kind: 'ServiceAccount', name: 'sa' }] }),
    ],
    [
      'a service account of another',
      clusterBinding({ subjects: [{ kind: 'ServiceAccount', name: 'sa', namespace: 'ns' }] }),
    ],
    ['a role of the namespace', binding({ roleRef: { ...roleRef, kind: 'Role' } })],
    ['a role reference without its API group', binding({ roleRef: { kind: 'ClusterRole', name: 'r' } })],
    ['a selector of everything', aggregated({})],
    [
      'labels, annotations and finalizers',
      marked({
        labels: { 'example.com/a.b-c_D': 'x.y_Z-1', a: '' },
        annotations: { 'EXAMPLE.com/Any_Case': 'any text\n'.repeat(20_000), a: '' },
        finalizers: ['example.com/a', 'orphan'],
      }),
    ],
    ['no labels', marked({ labels: null, annotations: {}, finalizers: [] })],
    ['a selector of labels', aggregated({ matchLabels: { 'a.io/b': 'c', d: '' } })],
    ['In', expression({ key: 'k', operator: 'In', values: ['a'] })],
    ['NotIn', expression({ key: 'k', operator: 'NotIn', values: ['a'] })],
    ['Exists', expression({ key: 'k', operator: 'Exists' })],
    ['DoesNotExist', expression({ key: 'k', operator: 'DoesNotExist' })],
  ])('is %s', (_, object) => {
    expect(problemsOf(object)).toEqual([])
  })
})

describe('what is refused, in the words of Kubernetes', () => {
  it.each<[string, object, string]>([
    [
      'no verb',
      role({ ...pods, verbs: [] }),
      'rules[0].verbs: Required value: verbs must contain at least one value',
    ],
    [
      'no API group',
      role({ ...pods, apiGroups: [] }),
      'rules[0].apiGroups: Required value: resource rules must supply at least one api group',
    ],
    [
      'no resource',
      role({ ...pods, resources: [] }),
      'rules[0].resources: Required value: resource rules must supply at least one resource',
    ],
    [
      'a path in a Role',
      role({ verbs: ['get'], nonResourceURLs: ['/x'] }),
      'rules[0].nonResourceURLs: Invalid value: ["/x"]: namespaced rules cannot apply to non-resource URLs',
    ],
    ...[{ apiGroups: [''] }, { resources: ['pods'] }, { resourceNames: ['a'] }].map(
      (also): [string, object, string] => [
        `a path and ${Object.keys(also).join()}`,
        clusterRole({ verbs: ['get'], nonResourceURLs: ['/x'], ...also }),
        'rules[0].nonResourceURLs: Invalid value: ["/x"]: rules cannot apply to both regular resources and non-resource URLs',
      ],
    ),
    [
      'no name',
      { kind: 'ClusterRole', metadata: {} },
      'metadata.name: Required value: name or generateName is required',
    ],
    [
      'a name that is a path',
      { kind: 'ClusterRole', metadata: { name: 'a/b' } },
      `metadata.name: Invalid value: "a/b": may not contain '/'`,
    ],
    ['no namespace', { kind: 'Role', metadata: { name: 'r' } }, 'metadata.namespace: Required value'],
    [
      'a role of another API group',
      binding({ roleRef: { ...roleRef, apiGroup: 'x' } }),
      'roleRef.apiGroup: Unsupported value: "x": supported values: "rbac.authorization.k8s.io"',
    ],
    [
      'another kind of role',
      binding({ roleRef: { ...roleRef, kind: 'Robot' } }),
      'roleRef.kind: Unsupported value: "Robot": supported values: "Role", "ClusterRole"',
    ],
    [
      'a Role for the cluster',
      clusterBinding({ roleRef: { ...roleRef, kind: 'Role' } }),
      'roleRef.kind: Unsupported value: "Role": supported values: "ClusterRole"',
    ],
    ['no name of a role', binding({ roleRef: { ...roleRef, name: '' } }), 'roleRef.name: Required value'],
    [
      'a name of a role that is a path',
      binding({ roleRef: { ...roleRef, name: '..' } }),
      `roleRef.name: Invalid value: "..": may not be '..'`,
    ],
    [
      'a subject without a name',
      binding({ subjects: [{ kind: 'User' }] }),
      'subjects[0].name: Required value',
    ],
    [
      'a group without a name',
      binding({ subjects: [{ kind: 'Group', name: '' }] }),
      'subjects[0].name: Required value',
    ],
    [
      'another kind of subject',
      binding({ subjects: [{ kind: 'Robot', name: 'r' }] }),
      'subjects[0].kind: Unsupported value: "Robot": supported values: "ServiceAccount", "User", "Group"',
    ],
    [
      'a user of another API group',
      binding({ subjects: [{ kind: 'User', name: 'r', apiGroup: 'x' }] }),
      'subjects[0].apiGroup: Unsupported value: "x": supported values: "rbac.authorization.k8s.io"',
    ],
    [
      'a group of another API group',
      binding({ subjects: [{ kind: 'Group', name: 'r', apiGroup: 'x' }] }),
      'subjects[0].apiGroup: Unsupported value: "x": supported values: "rbac.authorization.k8s.io"',
    ],
    [
      'a service account of an API group',
      binding({ subjects: [{ kind: 'ServiceAccount', name: 'r', apiGroup: roleRef.apiGroup }] }),
      'subjects[0].apiGroup: Unsupported value: "rbac.authorization.k8s.io": supported values: ""',
    ],
    [
      'a service account without a namespace',
      clusterBinding({ subjects: [{ kind: 'ServiceAccount', name: 'sa' }] }),
      'subjects[0].namespace: Required value',
    ],
    [
      'an aggregation of nothing',
      aggregated(),
      'aggregationRule.clusterRoleSelectors: Required value: at least one clusterRoleSelector required if aggregationRule is non-nil',
    ],
    [
      'In without values',
      expression({ key: 'k', operator: 'In' }),
      "aggregationRule.clusterRoleSelectors[0].matchExpressions[0].values: Required value: must be specified when `operator` is 'In' or 'NotIn'",
    ],
    [
      'NotIn without values',
      expression({ key: 'k', operator: 'NotIn' }),
      "aggregationRule.clusterRoleSelectors[0].matchExpressions[0].values: Required value: must be specified when `operator` is 'In' or 'NotIn'",
    ],
    [
      'Exists with values',
      expression({ key: 'k', operator: 'Exists', values: ['a'] }),
      "aggregationRule.clusterRoleSelectors[0].matchExpressions[0].values: Forbidden: may not be specified when `operator` is 'Exists' or 'DoesNotExist'",
    ],
    [
      'DoesNotExist with values',
      expression({ key: 'k', operator: 'DoesNotExist', values: ['a'] }),
      "aggregationRule.clusterRoleSelectors[0].matchExpressions[0].values: Forbidden: may not be specified when `operator` is 'Exists' or 'DoesNotExist'",
    ],
    [
      'another operator',
      expression({ key: 'k', operator: 'Near' }),
      'aggregationRule.clusterRoleSelectors[0].matchExpressions[0].operator: Invalid value: "Near": not a valid selector operator',
    ],
  ])('is %s', (_, object, expected) => {
    expect(problemsOf(object)).toEqual([expected])
  })

  it.each<[string, object, RegExp]>([
    [
      'the key of a label',
      aggregated({ matchLabels: { 'a/b/c': 'd' } }),
      /^aggregationRule\.clusterRoleSelectors\[0\]\.matchLabels: Invalid value: "a\/b\/c": /,
    ],
    [
      'the value of a label',
      aggregated({ matchLabels: { a: 'b c' } }),
      /^aggregationRule\.clusterRoleSelectors\[0\]\.matchLabels: Invalid value: "b c": /,
    ],
    [
      'the key of an expression',
      expression({ key: '', operator: 'Exists' }),
      /^aggregationRule\.clusterRoleSelectors\[0\]\.matchExpressions\[0\]\.key: Invalid value: "": /,
    ],
    [
      'the value of an expression',
      expression({ key: 'k', operator: 'In', values: ['a', 'b c'] }),
      /^aggregationRule\.clusterRoleSelectors\[0\]\.matchExpressions\[0\]\.values\[1\]: Invalid value: "b c": /,
    ],
    [
      'the name of a service account',
      binding({ subjects: [{ kind: 'ServiceAccount', name: 'A' }] }),
      /^subjects\[0\]\.name: Invalid value: "A": /,
    ],
    [
      'the name of a namespace',
      { kind: 'Role', metadata: { name: 'r', namespace: 'A' } },
      /^metadata\.namespace: Invalid value: "A": /,
    ],
  ])('is %s that is none', (_, object, expected) => {
    const [first, ...others] = problemsOf(object)
    expect(first).toMatch(expected)
    for (const other of others) expect(other).toMatch(expected)
  })
})

describe('what decides nothing in metadata', () => {
  const QUALIFIED = /name part must consist of alphanumeric characters/
  const VALUE = /a valid label must be an empty string or consist of alphanumeric characters/

  it.each<[object, readonly unknown[]]>([
    [{ labels: { 'a b': 'x' } }, [expect.stringMatching(QUALIFIED)]],
    [{ labels: { '/a': 'x' } }, [expect.stringContaining('prefix part must be non-empty')]],
    [{ labels: { 'A.io/a': 'x' } }, [expect.stringContaining('prefix part a lowercase RFC 1123 subdomain')]],
    [{ labels: { 'a/b/c': 'x' } }, [expect.stringMatching(/^metadata\.labels: Invalid value: "a\/b\/c": /)]],
    [{ labels: { ['a'.repeat(64)]: 'x' } }, [expect.stringContaining('must be no more than 63')]],
    [{ labels: { a: 'b c' } }, [expect.stringMatching(VALUE)]],
    [{ labels: { a: '-' } }, [expect.stringMatching(/^metadata\.labels: Invalid value: "-": /)]],
    [{ labels: { a: 'x'.repeat(64) } }, [expect.stringContaining('must be no more than 63')]],
    [
      { labels: { 'a b': '-', 'c d': 'x' } },
      [expect.stringMatching(QUALIFIED), expect.stringMatching(VALUE), expect.stringMatching(QUALIFIED)],
    ],
    [
      { annotations: { 'a b': 'x' } },
      [expect.stringMatching(/^metadata\.annotations: Invalid value: "a b": name part must/)],
    ],
    [
      { annotations: { a: 'ö'.repeat(131_072) } },
      ['metadata.annotations: Too long: may not be more than 262144 bytes'],
    ],
    [{ finalizers: ['a b'] }, [expect.stringMatching(/^metadata\.finalizers: Invalid value: "a b": /)]],
    [
      { finalizers: ['orphan', 'foregroundDeletion'] },
      [
        'metadata.finalizers: Invalid value: ["orphan","foregroundDeletion"]: finalizer orphan and foregroundDeletion cannot be both set',
      ],
    ],
    [{ labels: { a: 1 } }, ['metadata.labels[a]: Invalid value: must be a string, but is a number']],
    [{ labels: ['a'] }, ['metadata.labels: Invalid value: must be an object, but is a list']],
    [
      { finalizers: 'orphan' },
      ['metadata.finalizers: Invalid value: must be a list of strings, but is a string'],
    ],
  ])('is refused as by the API server: %.80j', (marks, expected) => {
    expect(problemsOf(marked(marks))).toEqual(expected)
    expect(problemsOf({ ...role(pods), metadata: { name: 'r', namespace: 'ns', ...marks } })).toEqual(
      expected,
    )
    expect(problemsOf({ kind: 'ClusterRole', metadata: { name: 'r', ...marks } })).toEqual(expected)
  })

  it('comes after the name, and before the rules', () => {
    expect(
      problemsOf({ ...role({}), metadata: { name: '', labels: { a: '-' } } }).map(
        (each) => each.split(':')[0],
      ),
    ).toEqual([
      'metadata.name',
      'metadata.namespace',
      'metadata.labels',
      'rules[0].verbs',
      'rules[0].apiGroups',
      'rules[0].resources',
    ])
  })
})
