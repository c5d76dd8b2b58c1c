import { describe, expect, it } from 'vitest'
import { ConfigurationError } from '../../authenticator/errors.ts'
import { finish } from '../../internal/steps.ts'
import { parseRbac, parseRbacSteps, rbacPolicy } from './parse.ts'

const header = 'apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: r}\n'

function problemsOf(text: string): readonly string[] {
  try {
    parseRbac({ name: 'rbac.yaml', text })
    return []
  } catch (error) {
    if (error instanceof ConfigurationError)
      return error.problems.map(({ path, message }) => `${path}: ${message}`)
    throw error
  }
}

const adviceOn = (text: string): readonly string[] =>
  parseRbac(text).advice.map(({ code, path }) => `${code} ${path}`)

describe('parseRbac', () => {
  it('reads documents, lists, lists of one kind, and JSON', () => {
    const role = (name: string): string => JSON.stringify({ metadata: { name }, rules: [] })
    const typed = (name: string): string =>
      JSON.stringify({ apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', metadata: { name } })
    const text = [
      `${header}rules: []`,
      '# nothing but a comment',
      `{"apiVersion": "v1", "kind": "List", "metadata": {"resourceVersion": ""}, "items": [${typed('a')}, ${typed('b')}]}`,
      `{"apiVersion": "rbac.authorization.k8s.io/v1beta1", "kind": "ClusterRoleList", "items": [${role('c')}]}`,
    ].join('\n---\n')
    expect(parseRbac(text).objects.map((object) => object.name)).toEqual(['r', 'a', 'b', 'c'])
  })

  it('reads the same object in several files as a repetition', () => {
    expect(() =>
      parseRbac([
        { name: 'a.yaml', text: header },
        { name: 'b.yaml', text: header },
      ]),
    ).toThrow('ClusterRole "r": metadata.name: Duplicate value: "r"')
  })

  it('ignores whatever kubectl adds to an object', () => {
    const text = `${header.replace('{name: r}', '\n  name: r\n  uid: x\n  managedFields: [{manager: kubectl}]\n  creationTimestamp: 2020-01-01T00:00:00Z')}rules: []`
    expect(parseRbac(text).objects).toHaveLength(1)
  })

  it.each([
    [
      'a misspelt restriction',
      `${header}rules: [{verbs: [get], apiGroups: [""], resources: [pods], resourceName: [a]}]`,
      'ClusterRole "r": rules[0].resourceName: Unknown field',
    ],
    [
      'a text in place of a list',
      `${header}rules: [{verbs: get, apiGroups: [""], resources: [pods]}]`,
      'ClusterRole "r": rules[0].verbs: Invalid value: must be a list of strings, but is a string',
    ],
    [
      'a verb that YAML 1.1 takes for a boolean',
      `${header}rules: [{verbs: [yes], apiGroups: [""], resources: [pods]}]`,
      'ClusterRole "r": rules[0].verbs[0]: Invalid value: must be a string, but is a boolean',
    ],
    [
      'another version',
      header.replace('/v1', '/v1alpha1'),
      'ClusterRole "r": apiVersion: Unsupported value: "rbac.authorization.k8s.io/v1alpha1": supported values: "rbac.authorization.k8s.io/v1", "rbac.authorization.k8s.io/v1beta1"',
    ],
    [
      'an unknown kind of the API',
      header.replace('ClusterRole', 'Rôle'),
      'rbac.yaml[0]: kind: Unsupported value: "Rôle": supported values: "ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding"',
    ],
    ['no kind', 'apiVersion: rbac.authorization.k8s.io/v1', 'rbac.yaml[0]: kind: Required value'],
    ['no object', '- 1', 'rbac.yaml[0]: Invalid value: must be an object, but is a list'],
    [
      'a Role without a namespace',
      header.replace('ClusterRole', 'Role'),
      'Role "r": metadata.namespace: Required value',
    ],
    [
      'a namespace of a ClusterRole that is not a string',
      header.replace('name: r', 'name: r, namespace: [ns]'),
      /^ClusterRole "r": metadata.namespace: Invalid value/,
    ],
    [
      'one ClusterRole in two namespaces, which are none',
      ['a', 'b']
        .map((namespace) => header.replace('name: r', `name: r, namespace: ${namespace}`))
        .join('---\n'),
      'ClusterRole "r": metadata.name: Duplicate value: "r"',
    ],
    [
      'a service account without a namespace in a ClusterRoleBinding, also in a namespace that does not count',
      `${header.replace('ClusterRole', 'ClusterRoleBinding').replace('name: r', 'name: r, namespace: ns')}roleRef: {kind: ClusterRole, name: x}\nsubjects: [{kind: ServiceAccount, name: a}]`,
      'ClusterRoleBinding "r": subjects[0].namespace: Required value',
    ],
    [
      'a namespace that is none',
      header.replace('ClusterRole', 'Role').replace('name: r', 'name: r, namespace: A'),
      /^Role "A\/r": metadata.namespace: Invalid value: "A": a lowercase RFC 1123 label/,
    ],
    [
      'a service account of another API group',
      `${header.replace('ClusterRole', 'ClusterRoleBinding')}roleRef: {kind: ClusterRole, name: x}\nsubjects: [{kind: ServiceAccount, name: a, namespace: ns, apiGroup: x}]`,
      'ClusterRoleBinding "r": subjects[0].apiGroup: Unsupported value: "x": supported values: ""',
    ],
    [
      'no kind, of another API',
      'apiVersion: v1',
      'rbac.yaml[0]: apiVersion: Unsupported value: "v1": supported values: "rbac.authorization.k8s.io/v1", "rbac.authorization.k8s.io/v1beta1"',
    ],
    [
      'a ClusterRole without metadata',
      header.replace(/metadata.*/, ''),
      'rbac.yaml[0]: metadata.name: Required value: name or generateName is required',
    ],
  ])('refuses %s', (_, text, expected) => {
    const [first] = problemsOf(text)
    if (typeof expected === 'string') expect(first).toBe(expected)
    else expect(first).toMatch(expected)
  })

  it('says once that there is no kind', () => {
    expect(problemsOf('apiVersion: rbac.authorization.k8s.io/v1')).toEqual([
      'rbac.yaml[0]: kind: Required value',
    ])
  })

  it('reports everything that is wrong at once', () => {
    const text = `${header}rules: [{verbs: []}, {verbs: [get], nonResourceURLs: [/x], resources: [pods]}]\n---\nkind: Role\napiVersion: rbac.authorization.k8s.io/v1\nmetadata: {}`
    expect(problemsOf(text).map((problem) => problem.replace(/: (Required|Invalid) value.*/, ''))).toEqual([
      'ClusterRole "r": rules[0].verbs',
      'ClusterRole "r": rules[0].apiGroups',
      'ClusterRole "r": rules[0].resources',
      'ClusterRole "r": rules[1].nonResourceURLs',
      'rbac.yaml[1]: metadata.name',
      'rbac.yaml[1]: metadata.namespace',
    ])
  })

  it.each([
    ['a repeated key', 'a: 1\na: 2', /Map keys must be unique/],
    ['a key that is not a string', '[a, b]: 1', /keys must be strings/],
    ['an unknown tag', 'a: !secret b', /Unresolved tag/],
    ['broken YAML', 'a: [', /bracket/],
    [
      'aliases that multiply',
      `a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [${'*a,'.repeat(9)}]\nc: &c [${'*b,'.repeat(9)}]\nd: [${'*c,'.repeat(9)}]`,
      /Too many alias expansions/,
    ],
    ['a text that is too long', `# ${'x'.repeat(1_048_576)}`, /at most 1048576 characters/],
    ['brackets in brackets', '['.repeat(20_000), /nested/],
    ['sequences in sequences on one line', `${'- '.repeat(20_000)}x`, /nested/],
    ['sequences with anchors on one line', `${'- &a '.repeat(20_000)}x`, /nested/],
    ['keys in keys on one line', `${'? '.repeat(20_000)}x`, /nested/],
    [
      'mappings in mappings',
      Array.from({ length: 600 }, (_, depth) => `${' '.repeat(depth)}a:`).join('\n'),
      /nested/,
    ],
  ])('refuses %s', (_, text, expected) => {
    const problems = problemsOf(text)
    expect(problems[0]).toMatch(expected)
    expect(problems[0]).toMatch(/^rbac\.yaml: /)
  })

  it('takes brackets in a text for what they are', () => {
    expect(
      problemsOf(`${header}rules: [{verbs: ["${'['.repeat(200)}"], apiGroups: [""], resources: [x]}]`),
    ).toEqual([])
  })

  it('takes a longer text where that is allowed', () => {
    expect(parseRbac(`${header}# ${'x'.repeat(1_048_576)}`, { maxLength: 2_000_000 }).objects).toHaveLength(1)
  })

  const rule = (fields: string): string => `${header}rules: [{${fields}}]`

  it.each([
    [
      'the extra fields of the 1.6 documentation',
      rule('verbs: [impersonate], apiGroups: [""], resources: [userextras/scopes]'),
      ['wrongApiGroup ClusterRole "r": rules[0]'],
    ],
    [
      'uids in the core group',
      rule('verbs: [impersonate], apiGroups: [""], resources: [users, uids]'),
      ['wrongApiGroup ClusterRole "r": rules[0]'],
    ],
    [
      'users in the group of extra fields',
      rule('verbs: [impersonate], apiGroups: [authentication.k8s.io], resources: [users]'),
      ['wrongApiGroup ClusterRole "r": rules[0]'],
    ],
    [
      'a constrained mode in the core group',
      rule('verbs: ["impersonate:user-info"], apiGroups: [""], resources: [users]'),
      ['wrongApiGroup ClusterRole "r": rules[0]'],
    ],
    [
      'extra fields without a key',
      rule('verbs: [impersonate], apiGroups: [authentication.k8s.io], resources: [userextras]'),
      ['grantsNothing ClusterRole "r": rules[0]'],
    ],
    [
      'an empty name',
      rule('verbs: [impersonate], apiGroups: [""], resources: [users], resourceNames: [""]'),
      ['nameNeverKnown ClusterRole "r": rules[0]'],
    ],
    [
      'a name for create',
      rule('verbs: [create], apiGroups: [""], resources: [pods], resourceNames: [a]'),
      ['nameNeverKnown ClusterRole "r": rules[0]'],
    ],
    [
      'all subresources of a resource',
      rule('verbs: [get], apiGroups: [""], resources: ["pods/*"]'),
      ['grantsNothing ClusterRole "r": rules[0]'],
    ],
    [
      'a version in place of a group',
      rule('verbs: [get], apiGroups: [v1], resources: [pods]'),
      ['grantsNothing ClusterRole "r": rules[0]'],
    ],
    [
      'a pattern of verbs',
      rule('verbs: ["get*"], apiGroups: [""], resources: [pods]'),
      ['grantsNothing ClusterRole "r": rules[0]'],
    ],
    [
      'a URL without a slash',
      rule('verbs: [get], nonResourceURLs: [healthz]'),
      ['grantsNothing ClusterRole "r": rules[0]'],
    ],
    [
      'a right rule',
      rule(
        'verbs: [impersonate], apiGroups: [authentication.k8s.io], resources: [userextras/scopes, "*/scale"]',
      ),
      [],
    ],
    ['an object of another API', 'apiVersion: v1\nkind: Namespace', ['foreignObject rbac[0]']],
    [
      'a role that is not there',
      'apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\nmetadata: {name: b}\nroleRef: {kind: ClusterRole, name: x}',
      ['danglingRoleRef ClusterRoleBinding "b": roleRef'],
    ],
  ])('has advice on %s', (_, text, expected) => {
    expect(adviceOn(text)).toEqual(expected)
  })

  it('has advice on users in a role of a namespace', () => {
    const text = rule('verbs: [impersonate], apiGroups: [""], resources: [users]')
    expect(
      adviceOn(text.replace('ClusterRole', 'Role').replace('name: r', 'name: r, namespace: ns')),
    ).toEqual(['clusterScopedInRole Role "ns/r": rules[0]'])
  })
})

describe('the namespace of an object', () => {
  const object = (kind: string, metadata: string): string =>
    `apiVersion: rbac.authorization.k8s.io/v1\nkind: ${kind}\nmetadata: {name: r${metadata}}\n${
      kind.endsWith('Binding')
        ? 'roleRef: {kind: ClusterRole, name: r}\nsubjects: [{kind: User, name: jane}]'
        : 'rules: []'
    }`

  it.each(['ClusterRole', 'ClusterRoleBinding'])('is ignored on a %s, with an advice', (kind) => {
    const role = kind === 'ClusterRole' ? '' : `${object('ClusterRole', '')}\n---\n`
    const { objects, advice } = parseRbac(`${role}${object(kind, ', namespace: kube-system')}`)
    expect(objects.at(-1)).toMatchObject({ kind, name: 'r', namespace: '' })
    expect(advice).toEqual([
      {
        code: 'ignoredNamespace',
        path: `${kind} "r": metadata.namespace`,
        message: `a ${kind} has no namespace, so "kube-system" is ignored, as the API server does`,
      },
    ])
  })

  it('gives a ClusterRoleBinding no less than one without it', () => {
    const { objects } = parseRbac(
      `${object('ClusterRole', '')}\n---\n${object('ClusterRoleBinding', ', namespace: ns')}`,
    )
    const same = parseRbac(`${object('ClusterRole', '')}\n---\n${object('ClusterRoleBinding', '')}`)
    expect(objects).toEqual(same.objects)
  })

  it.each(['Role', 'RoleBinding'])('is that of the options for a %s that has none', (kind) => {
    expect(parseRbac(object(kind, ''), { namespace: 'apps' }).objects).toMatchObject([
      { kind, namespace: 'apps' },
    ])
    expect(parseRbac(object(kind, ', namespace: own'), { namespace: 'apps' }).objects).toMatchObject([
      { kind, namespace: 'own' },
    ])
    expect(() => parseRbac(object(kind, ''))).toThrow('metadata.namespace: Required value')
  })

  it('of the options does not reach what belongs to the cluster', () => {
    expect(parseRbac(object('ClusterRole', ''), { namespace: 'apps' })).toMatchObject({
      objects: [{ namespace: '' }],
      advice: [],
    })
  })

  it.each(['', 'A', 'a/b', '../a', 'a'.repeat(64)])('of the options cannot be %j', (namespace) => {
    expect(() => parseRbac('', { namespace })).toThrow(/^namespace: Invalid value/)
  })
})

describe('rbacPolicy', () => {
  it('takes what makes no sense as it is, but not what has another shape', () => {
    const binding = {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRoleBinding',
      metadata: { name: 'b' },
    }
    expect(rbacPolicy([{ ...binding, subjects: [{ kind: 'Robot', name: 'r' }] }]).objects).toHaveLength(1)
    expect(() => rbacPolicy([{ ...binding, subjects: 'all' }])).toThrow(
      'objects[0]: subjects: Invalid value: must be a list of objects, but is a string',
    )
  })
})

describe('parseRbacSteps', () => {
  const role = (name: string, more = ''): string =>
    `apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata:\n  name: ${name}\n${more}`
  const named = (...parts: readonly string[]): readonly string[] =>
    finish(parseRbacSteps([{ name: 'x', parts }])).objects.map((object) => object.name)

  it('reads a text in parts as the whole text', () => {
    const parts = [role('a'), `---\n${role('b')}---\n`, `---\n${role('c')}`]
    expect(named(...parts)).toEqual(['a', 'b', 'c'])
    expect(named(parts.join(''))).toEqual(['a', 'b', 'c'])
    expect(named()).toEqual([])
  })

  it('sees what is repeated in another part, and numbers objects over all parts', () => {
    const nameless = '---\napiVersion: rbac.authorization.k8s.io/v1\nkind: Role\n'
    expect(() => named(role('a'), `---\n${role('b')}`, `---\n${role('a')}`)).toThrow(
      'ClusterRole "a": metadata.name: Duplicate value: "a"',
    )
    expect(() => named(role('a'), nameless)).toThrow('x[1]: metadata.name: Required value')
  })

  it('reports only the syntax of a text, if that is wrong, however late', () => {
    expect(() => named(role('a', 'unknown: 1\n'), '---\na: [\n')).toThrow(/^x: (?!ClusterRole)/)
  })

  it.each([
    ['a string', ''],
    ['a text that is not in parts', [{ name: 'x', text: '' }]],
    ['a part that is not a string', [{ name: 'x', parts: [1] }]],
  ])('refuses %s', (_, sources) => {
    expect(() => parseRbacSteps(sources as never)).toThrow(ConfigurationError)
  })

  it('yields between a few hundred objects, however many a document has', () => {
    const items = Array.from({ length: 2000 }, (_, index) => ({
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRole',
      metadata: { name: `r${index}` },
    }))
    const steps = parseRbacSteps([{ name: 'x', parts: [JSON.stringify({ kind: 'List', items })] }])
    let count = 0
    while (steps.next().done !== true) count++
    expect(count).toBeGreaterThanOrEqual(15)
  })
})
