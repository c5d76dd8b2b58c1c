import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { cpuSecondsOf } from '../../../../../test/cpu-seconds.ts'
import { attributesOf, type RequestAttributes } from '../attributes.ts'
import type { Decision } from '../decision.ts'
import { emptyContext } from '../../authenticator/context.ts'
import { ConfigurationError } from '../../authenticator/errors.ts'
import { userInfo, type UserInfoInit } from '../../authenticator/user.ts'
import type { RbacPolicy } from './objects.ts'
import { rbacPolicy } from './parse.ts'
import { rbac, type RbacAuthorizer } from './rbac.ts'
import { ruleAllows } from './rule.ts'

const API = { apiVersion: 'rbac.authorization.k8s.io/v1' }
const role = (name: string, rules: readonly object[], more: object = {}): object => ({
  ...API,
  kind: 'ClusterRole',
  metadata: { name, ...more },
  rules,
})
const binding = (name: string, subjects: readonly object[], roleName: string): object => ({
  ...API,
  kind: 'ClusterRoleBinding',
  metadata: { name },
  subjects,
  roleRef: { kind: 'ClusterRole', name: roleName },
})
const user = (name: string): object => ({ kind: 'User', name })
const readPods = { verbs: ['get'], apiGroups: [''], resources: ['pods'] }
const getPod: RequestAttributes = { verb: 'get', resource: 'pods', namespace: 'n', name: 'p' }

function ask(authorizer: RbacAuthorizer, init: UserInfoInit, request: RequestAttributes): Decision {
  return authorizer.authorize(attributesOf(userInfo(init), request), emptyContext) as Decision
}

describe('rbac', () => {
  it.each([
    [undefined],
    [null],
    ['policy'],
    [1],
    [[]],
    [{}],
    [{ objects: 'x' }],
    [{ objects: { length: 0 } }],
  ])('wants a policy, and not %j', (policy) => {
    expect(() => rbac(policy as unknown as RbacPolicy)).toThrow(ConfigurationError)
  })

  it('names the binding that was loaded first, whichever of its subjects is the user', () => {
    const group = { kind: 'Group', name: 'g' }
    const objects = [
      role('r', [readPods]),
      binding('first', [user('x'), group], 'r'),
      binding('second', [user('jane')], 'r'),
    ]
    const { reason } = ask(rbac(rbacPolicy(objects)), { username: 'jane', groups: ['g', 'g'] }, getPod)
    expect(reason).toBe('RBAC: allowed by ClusterRoleBinding "first" of ClusterRole "r" to Group "g"')
  })

  it.each([
    ['Group "g"', [{ kind: 'Group', name: 'g' }, user('jane')]],
    ['User "jane"', [user('jane'), { kind: 'Group', name: 'g' }]],
    ['Group "h"', [user('bob'), { kind: 'Group', name: 'h' }, { kind: 'Group', name: 'g' }, user('jane')]],
  ])('names the first subject of a binding that is the user: %s', (expected, subjects) => {
    const objects = [role('r', [readPods]), binding('b', subjects, 'r')]
    const { reason } = ask(rbac(rbacPolicy(objects)), { username: 'jane', groups: ['g', 'h'] }, getPod)
    expect(reason).toBe(`RBAC: allowed by ClusterRoleBinding "b" of ClusterRole "r" to ${expected}`)
  })

  it('grants nothing to a subject of another kind, whatever its name', () => {
    const robot = { kind: 'Robot', name: 'a', namespace: 'n' }
    const authorizer = rbac(rbacPolicy([role('r', [readPods]), binding('b', [robot], 'r')]))
    for (const username of ['a', 'system:serviceaccount:n:a']) {
      expect(ask(authorizer, { username, groups: ['a'] }, getPod).verdict).toBe('noOpinion')
    }
  })

  it('explains every binding and rule that allow something', () => {
    const rules = [{ ...readPods, resources: ['nodes'] }, readPods]
    const objects = [
      role('r', rules),
      binding('a', [user('jane'), user('jane')], 'r'),
      binding('b', [user('jane')], 'r'),
    ]
    const authorizer = rbac(rbacPolicy(objects))
    const grants = authorizer.explain(attributesOf(userInfo({ username: 'jane' }), getPod))
    expect(grants.map((grant) => [grant.binding.name, grant.rule.resources, grant.subject.name])).toEqual([
      ['a', ['pods'], 'jane'],
      ['b', ['pods'], 'jane'],
    ])
    expect(authorizer.explain(attributesOf(userInfo({ username: 'eve' }), getPod))).toEqual([])
  })

  it('never lets a RoleBinding say anything about a path', () => {
    const objects = [
      role('r', [{ verbs: ['get'], nonResourceURLs: ['*'] }]),
      {
        ...API,
        kind: 'RoleBinding',
        metadata: { name: 'b', namespace: 'n' },
        subjects: [user('jane')],
        roleRef: { kind: 'ClusterRole', name: 'r' },
      },
    ]
    expect(
      ask(rbac(rbacPolicy(objects)), { username: 'jane' }, { verb: 'get', path: '/x', namespace: 'n' })
        .verdict,
    ).toBe('noOpinion')
  })

  it('never lets a RoleBinding without a namespace say anything about the cluster', () => {
    const objects = [
      role('r', [readPods, { verbs: ['get'], nonResourceURLs: ['*'] }]),
      {
        ...API,
        kind: 'RoleBinding',
        metadata: { name: 'b' },
        subjects: [user('jane')],
        roleRef: { kind: 'ClusterRole', name: 'r' },
      },
    ]
    const authorizer = rbac(rbacPolicy(objects))
    const paths: RequestAttributes = { verb: 'get', path: '/x' }
    for (const request of [{ verb: 'get', resource: 'pods' }, getPod, paths]) {
      expect(ask(authorizer, { username: 'jane' }, request).verdict).toBe('noOpinion')
    }
    const rules = authorizer.rulesFor(userInfo({ username: 'jane' }), '')
    expect([rules.resourceRules, rules.nonResourceRules]).toEqual([[], []])
  })

  it('looks up names that every object has as names', () => {
    const authorizer = rbac(rbacPolicy([binding('b', [user('__proto__')], 'constructor')]))
    expect(ask(authorizer, { username: 'toString', groups: ['__proto__'] }, getPod)).toEqual({
      verdict: 'noOpinion',
      reason: '',
    })
    expect(ask(authorizer, { username: '__proto__' }, getPod).reason).toBe(
      'RBAC: clusterrole.rbac.authorization.k8s.io "constructor" not found',
    )
  })

  it('lists what a user may do in a namespace', () => {
    const objects = [
      role('r', [readPods, { verbs: ['get'], nonResourceURLs: ['/x'] }]),
      binding('a', [user('jane')], 'r'),
      binding('b', [user('jane')], 'gone'),
    ]
    const rules = rbac(rbacPolicy(objects)).rulesFor(userInfo({ username: 'jane' }), 'n')
    expect(rules).toMatchObject({
      resourceRules: [{ resources: ['pods'] }],
      nonResourceRules: [{ nonResourceURLs: ['/x'] }],
      incomplete: false,
      evaluationError: 'clusterrole.rbac.authorization.k8s.io "gone" not found',
    })
  })

  it('decides as fast with 10,000 bindings for others as with 10', () => {
    const policy = (count: number): RbacAuthorizer => {
      const objects: object[] = [role('r', [readPods]), binding('jane', [user('jane')], 'r')]
      for (let index = 0; index < count; index++)
        objects.push(binding(`b${index}`, [user(`u${index}`), { kind: 'Group', name: `g${index}` }], 'r'))
      return rbac(rbacPolicy(objects))
    }
    const [few, many] = [policy(10), policy(10_000)]
    const fastest = (authorizer: RbacAuthorizer): number => {
      const jane = attributesOf(userInfo({ username: 'jane', groups: ['a', 'b'] }), getPod)
      const rounds = Array.from({ length: 7 }, () =>
        cpuSecondsOf(() => {
          for (let index = 0; index < 100_000; index++) void authorizer.authorize(jane, emptyContext)
        }),
      )
      return Math.min(...rounds)
    }
    fastest(few)
    // A linear scan would take a thousand times as long.
    expect(fastest(many) / fastest(few)).toBeLessThan(20)
  })

  it('decides as a scan of all bindings would', () => {
    const names = fc.constantFrom<string>('a', 'b', 'c', 'system:serviceaccount:n:a')
    const subject = fc.oneof(
      names.map(user),
      names.map((name) => ({ kind: 'Group', name })),
      fc.constant({ kind: 'ServiceAccount', name: 'a', namespace: 'n' }),
      names.map((name) => ({ kind: 'Robot', name })),
    )
    const subjectLists = fc.array(fc.array(subject, { maxLength: 4 }), { maxLength: 6 })
    fc.assert(
      fc.property(subjectLists, names, fc.array(names), (bindings, username, groups) => {
        const objects = bindings.map((subjects, index) => binding(`b${index}`, subjects, 'r'))
        const decision = ask(
          rbac(rbacPolicy([role('r', [readPods]), ...objects])),
          { username, groups },
          getPod,
        )
        const isSubject = (each: object): boolean => {
          const { kind, name } = each as { kind: string; name: string }
          if (kind === 'User') return name === username
          if (kind === 'Group') return groups.includes(name)
          return kind === 'ServiceAccount' && username === 'system:serviceaccount:n:a'
        }
        const first = bindings.findIndex((subjects) => subjects.some(isSubject))
        if (first === -1) expect(decision.verdict).toBe('noOpinion')
        else expect(decision.reason).toContain(`ClusterRoleBinding "b${first}" `)
      }),
    )
  })
})

describe('aggregation', () => {
  const selecting = (name: string, selectors: readonly object[], labels: object = {}): object => ({
    ...API,
    kind: 'ClusterRole',
    metadata: { name, labels },
    aggregationRule: { clusterRoleSelectors: selectors },
    rules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }],
  })
  const allows = (objects: readonly object[], resource: string): boolean =>
    ask(
      rbac(rbacPolicy([...objects, binding('b', [user('jane')], 'top')])),
      { username: 'jane' },
      { verb: 'get', resource },
    ).verdict === 'allow'
  const matchLabels = (labels: object): object => ({ matchLabels: labels })

  it('reaches through roles that are aggregated themselves', () => {
    const objects = [
      selecting('top', [matchLabels({ to: 'top' })]),
      selecting('middle', [matchLabels({ to: 'middle' })], { to: 'top' }),
      role('leaf', [readPods], { labels: { to: 'middle' } }),
    ]
    expect([allows(objects, 'pods'), allows(objects, 'secrets')]).toEqual([true, false])
  })

  it('ends when roles select each other, and grants nothing that none of them has', () => {
    const objects = [selecting('top', [{}]), selecting('other', [{}]), role('leaf', [readPods])]
    expect([allows(objects, 'pods'), allows(objects, 'secrets')]).toEqual([true, false])
  })

  it.each([
    ['In', ['a', 'b'], true],
    ['In', ['c'], false],
    ['NotIn', ['a'], false],
    ['NotIn', ['c'], true],
    ['Exists', [], true],
    ['DoesNotExist', [], false],
    ['Near', ['a'], false],
  ])('selects by %s %j', (operator, values, expected) => {
    const objects = [
      selecting('top', [{ matchExpressions: [{ key: 'k', operator, values }] }]),
      role('leaf', [readPods], { labels: { k: 'a' } }),
    ]
    expect(allows(objects, 'pods')).toBe(expected)
  })
})

describe('ruleAllows', () => {
  it('covers no path with a rule on resources, and no resource with a rule on paths', () => {
    const everything = {
      verbs: ['*'],
      apiGroups: ['*'],
      resources: ['*'],
      resourceNames: [],
      nonResourceURLs: [],
    }
    const question = { verb: 'get', apiGroup: '', resource: '', subresource: '', name: '', path: '/x' }
    expect(ruleAllows(everything, { ...question, resourceRequest: false })).toBe(false)
    const paths = { ...everything, apiGroups: [], resources: [], nonResourceURLs: ['*'] }
    expect(ruleAllows(paths, { ...question, resourceRequest: true })).toBe(false)
  })

  it('decides about a URL of many stars at once', () => {
    const rule = {
      verbs: ['get'],
      apiGroups: [],
      resources: [],
      resourceNames: [],
      nonResourceURLs: [`/${'*'.repeat(100_000)}x`, `/y${'*'.repeat(100_000)}`],
    }
    const question = {
      verb: 'get',
      resourceRequest: false,
      apiGroup: '',
      resource: '',
      subresource: '',
      name: '',
    }
    const spent = cpuSecondsOf(() => {
      expect([
        ruleAllows(rule, { ...question, path: '/yes' }),
        ruleAllows(rule, { ...question, path: '/no' }),
      ]).toEqual([true, false])
    })
    expect(spent).toBeLessThan(1)
  })
})
