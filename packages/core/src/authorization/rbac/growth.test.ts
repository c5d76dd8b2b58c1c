import { describe, expect, it } from 'vitest'
import { cpuSecondsOf } from '../../../../../test/cpu-seconds.ts'
import { expectBytesKept, expectLinearWork } from '../../../../../test/growth.ts'
import { emptyContext } from '../../authenticator/context.ts'
import { userInfo } from '../../authenticator/user.ts'
import { attributesOf } from '../attributes.ts'
import type { AnyBinding, AnyRole, PolicyRule, RbacObject } from './objects.ts'
import { PolicyIndex } from './policy-index.ts'
import { rbac, type RbacAuthorizer, rbacOver } from './rbac.ts'
import type { RuleQuestion } from './rule.ts'

const apiGroup = 'rbac.authorization.k8s.io'
const NAMESPACE = 'ns'

const some = <T>(length: number, make: (index: number) => T): T[] =>
  Array.from({ length }, (_, index) => make(index))
const names = (length: number, letter = 'name-'): string[] => some(length, (index) => `${letter}${index}`)
const ruleOf = (rule: Partial<PolicyRule>): PolicyRule => ({
  verbs: ['get'],
  apiGroups: [''],
  resources: ['configmaps'],
  resourceNames: [],
  nonResourceURLs: [],
  ...rule,
})
const roleOf = (name: string, rules: readonly PolicyRule[]): AnyRole => ({
  kind: 'Role',
  name,
  namespace: NAMESPACE,
  rules,
})
const bindingOf = (name: string, role: string, subjects: readonly string[], kind = 'User'): AnyBinding => ({
  kind: 'RoleBinding',
  name,
  namespace: NAMESPACE,
  subjects: subjects.map((each) => ({ kind, apiGroup, name: each, namespace: '' })),
  roleRef: { apiGroup, kind: 'Role', name: role },
})

const jane = userInfo({ username: 'jane', groups: ['a', 'b', 'system:authenticated'] })
const ask = (authorizer: RbacAuthorizer, request: Partial<RuleQuestion> = {}, user = jane): unknown => {
  const asked = { verb: 'get', resource: 'configmaps', name: 'other', namespace: NAMESPACE, ...request }
  return authorizer.authorize(attributesOf(user, asked), emptyContext)
}

/** What a namespace admin can write: each makes a policy of a length. */
const POLICIES: readonly (readonly [string, number, (length: number) => readonly RbacObject[]])[] = [
  [
    'a rule of many names and many resources, some of them repeated, behind many bindings',
    1000,
    (length) => [
      roleOf('r', [
        ruleOf({
          resources: [...names(length), ...some(length, () => 'configmaps')],
          resourceNames: names(length),
        }),
      ]),
      ...some(length / 10, (index) => bindingOf(`b${index}`, 'r', ['jane'])),
    ],
  ],
  [
    'one role of many names for many users, bound eight times',
    500,
    (length) => [
      roleOf('r', [ruleOf({ resourceNames: names(length) })]),
      ...some(8, (index) => bindingOf(`b${index}`, 'r', ['jane', ...names(length)])),
    ],
  ],
  [
    'a role of many rules behind many bindings',
    500,
    (length) => [
      roleOf(
        'r',
        names(length).map((name) => ruleOf({ resourceNames: [name] })),
      ),
      ...some(length, (index) => bindingOf(`b${index}`, 'r', ['jane'])),
    ],
  ],
  [
    'many roles of one user',
    500,
    (length) => [
      ...some(length, (index) => roleOf(`r${index}`, [ruleOf({ resourceNames: [`n${index}`] })])),
      ...some(length, (index) => bindingOf(`b${index}`, `r${index}`, ['jane'])),
    ],
  ],
  [
    'one subject many times in a binding',
    1000,
    (length) => [
      roleOf('r', [ruleOf({ resourceNames: ['x'] })]),
      bindingOf(
        'b',
        'r',
        some(length, () => 'jane'),
      ),
    ],
  ],
  [
    'many bindings to roles that are missing',
    500,
    (length) => some(length, (index) => bindingOf(`b${index}`, `r${index}`, ['jane'])),
  ],
]

describe('the cost of roles and bindings', () => {
  it.each(POLICIES)('grows with their length when they are read: %s', (_, length, policy) => {
    expectLinearWork(length, (count) => {
      const objects = policy(count)
      return () => rbac({ objects })
    })
  })

  it.each(POLICIES)('takes at most fifty bytes for each of theirs: %s', (_, length, policy) => {
    expectBytesKept(50, policy(length * 16), (objects) => rbac({ objects }))
  })

  it.each(POLICIES)(
    'grows with their length in a decision, a list and an explanation: %s',
    (_, length, policy) => {
      expectLinearWork(length, (count) => {
        const authorizer = rbac({ objects: policy(count) })
        const attributes = attributesOf(jane, {
          verb: 'get',
          resource: 'configmaps',
          name: 'x',
          namespace: NAMESPACE,
        })
        return () => {
          ask(authorizer)
          ask(authorizer, { verb: 'delete' })
          ask(authorizer, { subresource: 'status' })
          authorizer.explain(attributes)
          authorizer.rulesFor(jane, NAMESPACE)
        }
      })
    },
  )

  it.each(POLICIES)('grows with the length of an object that changes: %s', (_, length, policy) => {
    expectLinearWork(length, (count) => {
      const index = new PolicyIndex()
      const authorizer = rbacOver(index)
      for (const [position, object] of policy(count).entries()) {
        if ('rules' in object) index.setRole(object)
        else index.addBinding(object, position)
      }
      const [first] = policy(count)
      return () => {
        if (first === undefined) return
        if ('rules' in first) index.setRole(first)
        else {
          index.removeBinding(first, 0)
          index.addBinding(first, 0)
        }
        ask(authorizer)
      }
    })
  })

  it('allows an answer in 50 ms for a user with 10,000 names, 10,000 resources and 100 bindings', () => {
    const rule = ruleOf({ resources: names(10_000), resourceNames: names(10_000) })
    const authorizer = rbac({
      objects: some(100, (index) => [
        roleOf(`r${index}`, [rule]),
        bindingOf(`b${index}`, `r${index}`, ['jane']),
      ]).flat(),
    })
    expect(cpuSecondsOf(() => ask(authorizer))).toBeLessThan(0.05)
  })
})

describe('the cost of a decision', () => {
  it.each<[string, (length: number) => readonly string[]]>([
    ['different groups', (length) => names(length)],
    ['the same group', (length) => some(length, () => 'name-0')],
  ])('grows with the groups of a user who has many times %s, with roles in common', (_, groups) => {
    expectLinearWork(250, (length) => {
      const authorizer = rbac({
        objects: [
          roleOf(
            'r',
            names(length).map((name) => ruleOf({ resourceNames: [name] })),
          ),
          bindingOf('b', 'r', names(length), 'Group'),
          ...some(length, (index) => roleOf(`r${index}`, [ruleOf({ resourceNames: [`n${index}`] })])),
          ...some(length, (index) => bindingOf(`b${index}`, `r${index}`, ['name-0'], 'Group')),
        ],
      })
      const user = userInfo({ username: 'jane', groups: groups(length) })
      return () => {
        ask(authorizer, {}, user)
        authorizer.rulesFor(user, NAMESPACE)
      }
    })
  })

  it.each<[string, (count: number, rule: (name: string) => PolicyRule) => readonly RbacObject[]]>([
    [
      'the roles of others',
      (count, rule) =>
        some(count, (index) => [
          roleOf(`r${index}`, [rule(`n${index}`)]),
          bindingOf(`b${index}`, `r${index}`, [index < 100 ? 'jane' : `u${index}`]),
        ]).flat(),
    ],
    [
      'the other rules of a role',
      (count, rule) => [roleOf('r', names(count, 'n').map(rule)), bindingOf('b', 'r', ['jane'])],
    ],
  ])('does not depend on %s', (_, policy) => {
    const searched = (count: number): number => {
      let reads = 0
      const counted = (name: string): PolicyRule => ({
        ...ruleOf({ resourceNames: [name] }),
        get verbs() {
          reads++
          return ['get']
        },
      })
      const authorizer = rbac({ objects: policy(count, counted) })
      reads = 0
      ask(authorizer, { name: 'n3' })
      return reads
    }
    expect(searched(5000)).toBe(searched(100))
    expect(searched(100)).toBeLessThan(5)
  })
})

describe('the rules of a user', () => {
  const bound = (bindings: number, rules: readonly PolicyRule[]): RbacAuthorizer =>
    rbac({
      objects: [roleOf('r', rules), ...some(bindings, (index) => bindingOf(`b${index}`, 'r', ['jane']))],
    })

  it('are repeated for each binding, as Kubernetes does, up to a megabyte', () => {
    expect(bound(3, [ruleOf({})]).rulesFor(jane, NAMESPACE).resourceRules).toHaveLength(3)
    const large = ruleOf({ resourceNames: ['x'.repeat(600_000)] })
    expect(bound(100, [large]).rulesFor(jane, NAMESPACE).resourceRules).toEqual([large, large])
    const larger = ruleOf({ resourceNames: ['x'.repeat(1_100_000)] })
    expect(bound(100, [larger]).rulesFor(jane, NAMESPACE).resourceRules).toEqual([larger])
  })

  it('are explained for at most a thousand bindings', () => {
    const attributes = attributesOf(jane, { verb: 'get', resource: 'configmaps', namespace: NAMESPACE })
    expect(bound(999, [ruleOf({})]).explain(attributes)).toHaveLength(999)
    expect(bound(2000, [ruleOf({})]).explain(attributes)).toHaveLength(1000)
  })

  it('name at most a hundred missing roles', () => {
    const missing = (count: number): unknown =>
      rbac({ objects: some(count, (index) => bindingOf(`b${index}`, `r${index}`, ['jane'])) }).rulesFor(
        jane,
        NAMESPACE,
      ).evaluationError
    expect(missing(100)).toSatisfy((text: string) => text.includes('"r99"') && !text.includes('more'))
    expect(missing(150)).toSatisfy(
      (text: string) => !text.includes('"r100"') && text.endsWith(', and 50 more]'),
    )
  })
})
