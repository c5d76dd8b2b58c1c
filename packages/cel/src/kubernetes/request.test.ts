import { describe, expect, it } from 'vitest'
import { CelCompileError, type CelAccessRequest, CelEvaluationError, celCompiler } from './index.ts'

const compiler = celCompiler()

const ofResource: CelAccessRequest = {
  user: 'bob',
  uid: '',
  groups: ['dev', 'ops'],
  extra: { 'example.com/team': ['shop'], scope: ['view', 'edit'], ['__proto__']: ['x'] },
  resourceAttributes: {
    namespace: 'kube-system',
    verb: 'list',
    group: 'apps',
    version: 'v1',
    resource: 'deployments',
    subresource: '',
    name: '',
    labelSelector: {
      requirements: [
        { key: 'app', operator: 'In', values: ['web'] },
        { key: 'tier', operator: 'Exists', values: [] },
      ],
    },
  },
}
const ofPath: CelAccessRequest = {
  user: 'bob',
  uid: '1',
  groups: [],
  extra: {},
  nonResourceAttributes: { path: '/healthz', verb: 'get' },
}

const resultOf = (expression: string, request: CelAccessRequest): unknown => {
  try {
    return compiler.compile('request', expression, 'bool').evaluate(request)
  } catch (error) {
    if (error instanceof CelEvaluationError) return error.message
    throw error
  }
}

describe('the variable request', () => {
  it.each<[string, unknown, unknown]>([
    ["request.user == 'bob'", true, true],
    ["request.uid == ''", true, false],
    ['has(request.user) && has(request.groups) && has(request.extra) && has(request.uid)', true, true],
    ["'ops' in request.groups", true, false],
    ["request.groups.exists(g, g.startsWith('d'))", true, false],
    ["'scope' in request.extra && request.extra.scope.all(s, s in ['view', 'edit'])", true, false],
    ["request.extra['example.com/team'] == ['shop']", true, 'no such key: example.com/team'],
    ["'__proto__' in request.extra", true, false],
    ["'constructor' in request.extra", false, false],
    // A map of the API would have it.
    ['has(request.extra.example__dot__com__slash__team)', false, false],
    ['has(request.resourceAttributes)', true, false],
    ['has(request.nonResourceAttributes)', false, true],
    ["request.resourceAttributes.namespace == 'kube-system'", true, 'no such key: resourceAttributes'],
    ["has(request.resourceAttributes) && request.resourceAttributes.namespace == 'kube-system'", true, false],
    ["request.nonResourceAttributes.path == '/healthz'", 'no such key: nonResourceAttributes', true],
    ["request.?nonResourceAttributes.?verb.orValue('') == 'get'", false, true],
    ["request.?resourceAttributes.?subresource.orValue('none') == ''", true, false],
    ['has(request.resourceAttributes.name)', true, 'no such key: resourceAttributes'],
    ['has(request.resourceAttributes) && has(request.resourceAttributes.fieldSelector)', false, false],
    [
      "has(request.resourceAttributes) && request.resourceAttributes.fieldSelector.rawSelector == 'foo'",
      'no such key: fieldSelector',
      false,
    ],
    [
      "has(request.resourceAttributes) && request.resourceAttributes.labelSelector.requirements.exists(r, r.key == 'app' && r.operator == 'In' && ('web' in r.values))",
      true,
      false,
    ],
    [
      'has(request.resourceAttributes) && request.resourceAttributes.labelSelector.requirements.exists(r, r.values.size() == 0)',
      true,
      false,
    ],
    [
      'has(request.resourceAttributes) && has(request.resourceAttributes.labelSelector.rawSelector)',
      false,
      false,
    ],
    ['request.resourceAttributes.name == "" || request.user == "bob"', true, true],
    ['request.resourceAttributes.name == "" && request.user == "eve"', false, false],
  ])('%s', (expression, resource, path) => {
    expect([resultOf(expression, ofResource), resultOf(expression, ofPath)]).toEqual([resource, path])
  })

  it.each([
    ["request.time == 'now'", "undefined field 'time'"],
    ['request.resourceAttributes.nam == ""', "undefined field 'nam'"],
    ['request.nonResourceAttributes.namespace == ""', "undefined field 'namespace'"],
    ['request.resourceAttributes.labelSelector.requirements[0].value == ""', "undefined field 'value'"],
    ["request++'", 'Syntax error'],
    ['x.user', "undeclared reference to 'x' (in container '')"],
    ['claims.sub == ""', "undeclared reference to 'claims'"],
    ['user.username == ""', "undeclared reference to 'user'"],
    ["request['user'] == 'bob'", "'_[_]' applied to '(kubernetes.SubjectAccessReviewSpec, string)'"],
    ['request.user == 1', "'_==_' applied to '(string, int)'"],
    ['request.user in "bob"', "'@in' applied to"],
    ['request.user.matches("(")', 'invalid matches argument'],
    ['request.user', 'must evaluate to bool but got string'],
    ['request.groups', 'must evaluate to bool but got list(string)'],
    ['request.extra', 'must evaluate to bool but got map(string, list(string))'],
    ['request.resourceAttributes', 'must evaluate to bool but got kubernetes.ResourceAttributes'],
    ['dyn(true)', 'must evaluate to bool but got dyn'],
    ['1', 'must evaluate to bool but got int'],
  ])('%s does not compile', (expression, message) => {
    expect(() => compiler.compile('request', expression, 'bool')).toThrow(CelCompileError)
    expect(() => compiler.compile('request', expression, 'bool')).toThrow(message)
  })

  it('is not evaluated at any cost, however much a user is a member of', () => {
    const groups = Array.from({ length: 2000 }, (_, index) => `group-${index}`)
    const pairs = 'request.groups.exists(a, request.groups.exists(b, a + b == "x"))'
    expect(resultOf(pairs, { ...ofPath, groups })).toBe('operation cancelled: actual cost limit exceeded')
  })

  it.each([
    ['groups', { groups: Array.from({ length: 100_001 }, () => 'g') }],
    ['one group', { groups: ['g'.repeat(3_300_000)] }],
    ['extra', { extra: { key: Array.from({ length: 100_001 }, () => 'v') } }],
  ])('is not evaluated when it has too many or too long %s', (_, changes) => {
    expect(resultOf('request.user == "bob"', { ...ofPath, ...changes })).toBe('the value is too large')
  })
})
