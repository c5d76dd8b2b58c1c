import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { attributesOf } from '../attributes.ts'
import type { Decision } from '../decision.ts'
import { emptyContext } from '../../authenticator/context.ts'
import { userInfo } from '../../authenticator/user.ts'
import type { PolicyRule, RbacObject } from './objects.ts'
import { rbac } from './rbac.ts'

const some = (...values: string[]): fc.Arbitrary<string[]> =>
  fc.array(fc.constantFrom(...values), { minLength: 1, maxLength: 3 })

const rule: fc.Arbitrary<PolicyRule> = fc.oneof(
  fc.record({
    verbs: some('get', 'list', 'delete', '*'),
    apiGroups: some('', 'apps', '*'),
    resources: some('pods', 'pods/log', '*/log', '*', 'secrets', ''),
    resourceNames: fc.oneof(fc.constant<string[]>([]), some('x', 'y', '')),
    nonResourceURLs: fc.constant<string[]>([]),
  }),
  fc.record({
    verbs: some('get', '*'),
    apiGroups: fc.constant<string[]>([]),
    resources: fc.constant<string[]>([]),
    resourceNames: fc.constant<string[]>([]),
    nonResourceURLs: some('/healthz', '/metrics/*', '*'),
  }),
)

const question = fc.oneof(
  fc.record({
    verb: fc.constantFrom('get', 'list', 'delete', 'other', '*', ''),
    resource: fc.constantFrom('pods', 'secrets', 'others', '*', ''),
    subresource: fc.constantFrom('', '', 'log', 'exec'),
    name: fc.constantFrom('', 'x', 'y', 'z'),
    apiGroup: fc.constantFrom('', 'apps', 'batch'),
    namespace: fc.constantFrom('', 'n', 'm'),
  }),
  fc.record({ verb: fc.constantFrom('get', 'post'), path: fc.constantFrom('/healthz', '/metrics/x', '/') }),
)

const ROLES = 12
const binding = fc.record({
  isClusterWide: fc.boolean(),
  role: fc.nat({ max: ROLES }),
  namespace: fc.constantFrom('n', 'm'),
  subjects: fc.array(fc.constantFrom('User jane', 'Group a', 'Group b', 'Group c', 'User joe'), {
    maxLength: 3,
  }),
})

function policyOf(
  rules: readonly (readonly PolicyRule[])[],
  bindings: readonly {
    isClusterWide: boolean
    role: number
    namespace: string
    subjects: readonly string[]
  }[],
): readonly RbacObject[] {
  const apiGroup = 'rbac.authorization.k8s.io'
  return [
    ...bindings.map(({ isClusterWide, role, namespace, subjects }, index): RbacObject => ({
      kind: isClusterWide ? 'ClusterRoleBinding' : 'RoleBinding',
      name: `b${index}`,
      namespace: isClusterWide ? '' : namespace,
      subjects: subjects.map((each) => {
        const [kind = '', name = ''] = each.split(' ')
        return { kind, apiGroup, name, namespace: '' }
      }),
      roleRef: { apiGroup, kind: 'ClusterRole', name: `r${role}` },
    })),
    ...rules.map((each, index): RbacObject => ({
      kind: 'ClusterRole',
      name: `r${index}`,
      namespace: '',
      labels: new Map(),
      rules: each,
    })),
  ]
}

describe('a decision by the index', () => {
  it('finds the same first grant as a search of every rule, for any user and request', () => {
    const roles = fc.array(fc.array(rule, { maxLength: 3 }), { minLength: ROLES, maxLength: ROLES })
    const bindings = fc.array(binding, { minLength: 5, maxLength: 60 })
    const groups = fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 4 })
    fc.assert(
      fc.property(
        roles,
        bindings,
        groups,
        fc.array(question, { minLength: 1, maxLength: 8 }),
        (rules, bound, ofJane, asked) => {
          const authorizer = rbac({ objects: policyOf(rules, bound) })
          const jane = userInfo({ username: 'jane', groups: ofJane })
          for (const each of asked) {
            const attributes = attributesOf(jane, each)
            const [first] = authorizer.explain(attributes)
            const { evaluationError = '' } = authorizer.rulesFor(jane, attributes.namespace) as {
              evaluationError?: string
            }
            const missing = evaluationError === '' ? '' : `RBAC: ${evaluationError}`
            const expected: Decision =
              first === undefined
                ? { verdict: 'noOpinion', reason: missing }
                : { verdict: 'allow', reason: first.reason }
            expect(authorizer.authorize(attributes, emptyContext)).toEqual(expected)
          }
        },
      ),
      { numRuns: 300 },
    )
  })
})

describe('a user of twenty roles', () => {
  const plain = { verbs: ['*'], apiGroups: ['*'], resources: [], resourceNames: [], nonResourceURLs: [] }
  const others = Array.from({ length: 19 }, (_, index): PolicyRule => ({
    ...plain,
    resources: [`other${index}`],
    nonResourceURLs: [`/other${index}`],
  }))
  const many = (length: number): readonly string[] => Array.from({ length }, (_, index) => `n${index}`)
  const may = (last: Partial<PolicyRule>, asked: object): boolean => {
    const rules = [...others, { ...plain, ...last }]
    const bindings = rules.map((_, role) => ({
      isClusterWide: true,
      role,
      namespace: '',
      subjects: ['User jane'],
    }))
    const objects = policyOf(
      rules.map((each) => [each]),
      bindings,
    )
    const whole = { verb: 'get', apiGroup: '', namespace: 'n', subresource: '', name: 'x', ...asked }
    const attributes = attributesOf(userInfo({ username: 'jane' }), whole)
    const { verdict } = rbac({ objects }).authorize(attributes, emptyContext) as Decision
    return verdict === 'allow'
  }
  const pods = { resource: 'pods' }
  const log = { resource: 'pods', subresource: 'log' }

  it.each<[Partial<PolicyRule>, object]>([
    [{ resources: ['pods'] }, pods],
    [{ resources: ['*'] }, pods],
    [{ resources: ['*'] }, log],
    [{ resources: ['pods/log'] }, log],
    [{ resources: ['*/log'] }, log],
    [{ resources: ['secrets', 'pods'] }, pods],
    [{ resources: ['pods'], resourceNames: ['x'] }, pods],
    [{ resources: ['secrets', 'pods'], resourceNames: ['x'] }, pods],
    [{ resources: ['pods'], resourceNames: ['y', 'x'] }, pods],
    [{ nonResourceURLs: ['/metrics/*'] }, { path: '/metrics/x' }],
  ])('may do what only the last one allows: with %j ask %j', (last, asked) => {
    expect(may(last, asked)).toBe(true)
  })

  it.each<[Partial<PolicyRule>, object]>([
    [{ resources: ['pods'] }, log],
    [{ resources: ['pods/log'] }, pods],
    [{ resources: ['*/log'] }, pods],
    [{ resources: ['pods'], resourceNames: ['y'] }, pods],
    [
      { resources: ['pods'], resourceNames: ['x'] },
      { ...pods, name: '' },
    ],
    [{ nonResourceURLs: ['/metrics'] }, { path: '/metrics/x' }],
  ])('may not do what none of them allows: with %j ask %j', (last, asked) => {
    expect(may(last, asked)).toBe(false)
  })

  it.each([1025, 1026])('may do what a role of %d names allows, or one of as many resources', (length) => {
    const [first, last] = ['n0', `n${length - 1}`]
    for (const name of [first, last]) {
      const resources = many(length)
      expect(may({ resources: ['pods', ...resources], resourceNames: resources }, { ...pods, name })).toBe(
        true,
      )
      expect(may({ resources }, { resource: name })).toBe(true)
    }
    expect(may({ resources: many(length) }, pods)).toBe(false)
  })
})
