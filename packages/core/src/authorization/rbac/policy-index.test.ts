import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { emptyContext } from '../../authenticator/context.ts'
import { userInfo } from '../../authenticator/user.ts'
import { attributesOf } from '../attributes.ts'
import type { AnyBinding, AnyRole, PolicyRule, RbacObject } from './objects.ts'
import { PolicyIndex } from './policy-index.ts'
import { rbac, type RbacAuthorizer, rbacOver } from './rbac.ts'

const apiGroup = 'rbac.authorization.k8s.io'

const some = (...values: string[]): fc.Arbitrary<string[]> =>
  fc.array(fc.constantFrom(...values), { minLength: 1, maxLength: 2 })

const rule: fc.Arbitrary<PolicyRule> = fc.oneof(
  fc.record({
    verbs: some('get', 'list', '*'),
    apiGroups: some('', '*'),
    resources: some('pods', 'pods/log', '*', 'secrets'),
    resourceNames: fc.oneof(fc.constant<string[]>([]), some('x', '')),
    nonResourceURLs: fc.constant<string[]>([]),
  }),
  fc.record({
    verbs: some('get', '*'),
    apiGroups: fc.constant<string[]>([]),
    resources: fc.constant<string[]>([]),
    resourceNames: fc.constant<string[]>([]),
    nonResourceURLs: some('/healthz', '/metrics/*'),
  }),
)
const someRules = fc.array(rule, { maxLength: 3 })
const someLabel = fc.constantFrom('none', 'a', 'b')

const role: fc.Arbitrary<AnyRole> = fc.oneof(
  fc.record({
    kind: fc.constant('Role' as const),
    name: fc.constantFrom('r0', 'r1', 'r2'),
    namespace: fc.constantFrom('n', 'm'),
    rules: someRules,
  }),
  fc
    .record({
      name: fc.nat({ max: 11 }),
      rules: someRules,
      label: someLabel,
      selected: fc.oneof(
        { weight: 5, arbitrary: fc.constant(undefined) },
        { weight: 1, arbitrary: someLabel },
      ),
    })
    .map(({ name, label: own, selected, ...rest }) => ({
      kind: 'ClusterRole' as const,
      name: `c${name}`,
      namespace: '',
      labels: new Map([[own, 'true']]),
      ...(selected !== undefined && {
        aggregation: [{ matchLabels: new Map([[selected, 'true']]), matchExpressions: [] }],
      }),
      ...rest,
    })),
)

const someSubjects = fc.array(
  fc
    .constantFrom('User jane', 'Group a', 'Group a', 'Group b', 'User joe', 'ServiceAccount cart', 'Other x')
    .map((text) => {
      const [kind = '', name = ''] = text.split(' ')
      return { kind, apiGroup: '', name, namespace: '' }
    }),
  { maxLength: 3 },
)
const binding: fc.Arbitrary<AnyBinding> = fc.oneof(
  fc.record({
    kind: fc.constant('ClusterRoleBinding' as const),
    name: fc.nat({ max: 30 }).map((n) => `b${n}`),
    namespace: fc.constant(''),
    subjects: someSubjects,
    roleRef: fc
      .constantFrom('c0', 'c1', 'c2', 'c3', 'c4', 'c5', 'c6', 'c7', 'c8', 'c9', 'c10', 'c11', 'c12')
      .map((name) => ({ apiGroup, kind: 'ClusterRole', name })),
  }),
  fc.record({
    kind: fc.constant('RoleBinding' as const),
    name: fc.nat({ max: 4 }).map((n) => `b${n}`),
    namespace: fc.constantFrom('n', 'm'),
    subjects: someSubjects,
    roleRef: fc
      .constantFrom('ClusterRole c0', 'ClusterRole c1', 'Role r0', 'Role r1', 'Role r3', 'Other r0')
      .map((text) => {
        const [kind = '', name = ''] = text.split(' ')
        return { apiGroup, kind, name }
      }),
  }),
)

/** An object that is set, or deleted. */
interface Change {
  readonly object: RbacObject
  readonly isDeletion: boolean
}

function changes(roles: number, bindings: number): fc.Arbitrary<readonly Change[]> {
  const object = fc.oneof({ weight: roles, arbitrary: role }, { weight: bindings, arbitrary: binding })
  const isDeletion = fc.nat({ max: 3 }).map((n) => n === 0)
  return fc.array(fc.record({ object, isDeletion }), { minLength: 10, maxLength: 120 })
}

const USERS = [
  userInfo({ username: 'jane', groups: ['a', 'b', 'a'] }),
  userInfo({ username: 'joe', groups: ['b'] }),
  userInfo({ username: 'system:serviceaccount:n:cart', groups: ['a'] }),
]
const QUESTIONS = [
  { verb: 'get', resource: 'pods', name: 'x', namespace: 'n' },
  { verb: 'list', resource: 'secrets', namespace: 'm' },
  { verb: 'delete', resource: 'secrets', name: 'x' },
  { verb: 'get', resource: 'pods', subresource: 'log', name: 'y' },
  { verb: 'get', path: '/metrics/x' },
]

/** What is known of an object, and its place. */
interface Known {
  readonly object: RbacObject
  readonly position: number
}

function apply(index: PolicyIndex, known: Map<string, Known>, object: RbacObject, isDeletion: boolean): void {
  const key = `${object.kind} ${object.namespace} ${object.name}`
  const before = known.get(key)
  if (before !== undefined && isBinding(before.object)) index.removeBinding(before.object, before.position)
  if (isDeletion) {
    if (!isBinding(object)) index.deleteRole(object)
    known.delete(key)
    return
  }
  // An object keeps its place when it changes, and a new one comes last.
  const position = before?.position ?? nextPosition++
  known.set(key, { object, position })
  if (isBinding(object)) index.addBinding(object, position)
  else index.setRole(object)
}

/** All cluster roles, and so many bindings of one group that they are found by their rules. */
function populate(index: PolicyIndex, known: Map<string, Known>): void {
  for (let count = 0; count < 12; count++) {
    const labels = new Map([['none', 'true']])
    apply(index, known, { kind: 'ClusterRole', name: `c${count}`, namespace: '', labels, rules: [] }, false)
  }
  for (let count = 0; count < 24; count++) {
    const roleRef = { apiGroup, kind: 'ClusterRole', name: `c${count % 12}` }
    const subjects = [{ kind: 'Group', apiGroup, name: 'a', namespace: '' }]
    const name = `b${count}`
    apply(index, known, { kind: 'ClusterRoleBinding', name, namespace: '', subjects, roleRef }, false)
  }
}

let nextPosition = 0

function isBinding(object: RbacObject): object is AnyBinding {
  return object.kind === 'RoleBinding' || object.kind === 'ClusterRoleBinding'
}

function answersOf(authorizer: RbacAuthorizer): unknown {
  return USERS.map((user) => [
    QUESTIONS.map((question) => {
      const attributes = attributesOf(user, question)
      return [authorizer.authorize(attributes, emptyContext), authorizer.explain(attributes)]
    }),
    ['', 'n', 'm', 'other'].map((namespace) => authorizer.rulesFor(user, namespace)),
  ])
}

function expectSame(known: ReadonlyMap<string, Known>, changing: RbacAuthorizer): void {
  const objects = [...known.values()].toSorted((a, b) => a.position - b.position)
  expect(answersOf(changing)).toEqual(answersOf(rbac({ objects: objects.map(({ object }) => object) })))
}

describe('an index of a policy that changes', () => {
  it.each([
    ['bindings', changes(2, 5)],
    ['roles', changes(20, 1)],
  ])('answers after every change of %s as one that is made of the same objects', (_, arbitrary) => {
    fc.assert(
      fc.property(arbitrary, fc.nat(), (made, seed) => {
        const index = new PolicyIndex()
        const known = new Map<string, Known>()
        populate(index, known)
        for (const [count, { object, isDeletion }] of made.entries()) {
          apply(index, known, object, isDeletion)
          // Not after each one, so that several changes take effect together.
          if ((count + seed) % 3 === 0) expectSame(known, rbacOver(index))
        }
        expectSame(known, rbacOver(index))
      }),
      { numRuns: 120 },
    )
  })

  it('forgets what was deleted', () => {
    const index = new PolicyIndex()
    const known = new Map<string, Known>()
    fc.assert(
      fc.property(changes(2, 5), (made) => {
        populate(index, known)
        for (const { object, isDeletion } of made) apply(index, known, object, isDeletion)
        for (const { object } of known.values()) apply(index, known, object, true)
        expect(answersOf(rbacOver(index))).toEqual(answersOf(rbac({ objects: [] })))
      }),
      { numRuns: 50 },
    )
  })
})

describe('aggregation', () => {
  const readPods = {
    verbs: ['get'],
    apiGroups: [''],
    resources: ['pods'],
    resourceNames: [],
    nonResourceURLs: [],
  }
  const clusterRole = (name: string, label: string, rules: readonly PolicyRule[] = []): AnyRole => ({
    kind: 'ClusterRole',
    name,
    namespace: '',
    labels: new Map([[label, 'true']]),
    rules,
  })
  const selecting = { matchLabels: new Map([['a', 'true']]), matchExpressions: [] }
  const aggregating: AnyRole = {
    kind: 'ClusterRole',
    name: 'all',
    namespace: '',
    labels: new Map(),
    rules: [],
    aggregation: [selecting],
  }

  /** An index in which jane has the role `all`, which has the rules of the role `part`. */
  function aggregated(): { readonly index: PolicyIndex; readonly isAllowed: () => boolean } {
    const index = new PolicyIndex()
    index.setRole(aggregating)
    index.setRole(clusterRole('part', 'a', [readPods]))
    const roleRef = { apiGroup, kind: 'ClusterRole', name: 'all' }
    const subjects = [{ kind: 'User', apiGroup, name: 'jane', namespace: '' }]
    index.addBinding({ kind: 'ClusterRoleBinding', name: 'b', namespace: '', subjects, roleRef }, 1)
    const asked = attributesOf(userInfo({ username: 'jane' }), { verb: 'get', resource: 'pods' })
    const isAllowed = (): boolean => index.firstAllowing(asked) !== undefined
    expect(isAllowed()).toBe(true)
    return { index, isAllowed }
  }

  it.each<[string, (index: PolicyIndex) => void]>([
    ['that is not selected any more', (index) => index.setRole(clusterRole('part', 'b', [readPods]))],
    ['that has other rules', (index) => index.setRole(clusterRole('part', 'a'))],
    ['that is deleted', (index) => index.deleteRole(clusterRole('part', 'a'))],
  ])('takes the rules of a role away %s', (_, change) => {
    const { index, isAllowed } = aggregated()
    change(index)
    expect(isAllowed()).toBe(false)
  })

  it.each<[string, (index: PolicyIndex) => void]>([
    ['has its own rules', (index) => index.setRole(clusterRole('all', 'b'))],
    ['is deleted', (index) => index.deleteRole(aggregating)],
  ])('ends when the role that selects %s', (_, change) => {
    const { index, isAllowed } = aggregated()
    change(index)
    expect(isAllowed()).toBe(false)
    index.setRole(clusterRole('other', 'a', [readPods]))
    expect(isAllowed()).toBe(false)
  })
})
