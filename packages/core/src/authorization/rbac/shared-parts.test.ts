import { describe, expect, it } from 'vitest'
import type { ClusterRole, Role, RoleBinding } from './objects.ts'
import { SharedParts } from './shared-parts.ts'

const binding = (role: string, changes: Partial<RoleBinding> = {}): RoleBinding => ({
  kind: 'RoleBinding',
  name: 'b',
  namespace: 'n',
  subjects: [{ kind: 'User', apiGroup: 'g', name: 'jane', namespace: '' }],
  roleRef: { kind: 'ClusterRole', apiGroup: 'g', name: role },
  ...changes,
})
const rule = {
  verbs: ['get', '__proto__'],
  apiGroups: [''],
  resources: ['pods'],
  resourceNames: ['a'],
  nonResourceURLs: [],
}
const role: Role = { kind: 'Role', name: 'r', namespace: 'n', rules: [rule, rule] }
const plain: ClusterRole = {
  kind: 'ClusterRole',
  name: 'c',
  namespace: '',
  labels: new Map([['k', 'v']]),
  rules: [rule],
}
const aggregation = [{ matchLabels: new Map([['k', 'v']]), matchExpressions: [] }]

describe('SharedParts', () => {
  it.each([
    ['a role', role],
    ['a role without rules', { ...role, rules: [] }],
    ['a cluster role', plain],
    ['a cluster role with aggregation', { ...plain, aggregation }],
    ['a role binding', binding('r')],
    ['a cluster role binding', { ...binding('r'), kind: 'ClusterRoleBinding' as const, namespace: '' }],
    ['a binding without subjects', binding('__proto__', { subjects: [] })],
  ])('copies %s with all that is in it, the first time and the second', (_, object) => {
    const shared = new SharedParts()
    expect(shared.copy(object)).toStrictEqual(object)
    expect(shared.copy(object)).toStrictEqual(object)
  })

  it('keeps a reference to a role once, and never takes another one for it', () => {
    const shared = new SharedParts()
    const refOf = (kind: string, apiGroup: string, name: string) => {
      const copy = shared.copy(binding('r', { roleRef: { kind, apiGroup, name } }))
      return 'roleRef' in copy ? copy.roleRef : undefined
    }
    const first = refOf('Role', 'g', 'a')
    expect(refOf('Role', 'g', 'a')).toBe(first)
    for (const [kind, group, name] of [
      ['Role', 'g', 'b'],
      ['ClusterRole', 'g', 'a'],
      ['Role', 'h', 'a'],
    ] as const)
      for (let count = 0; count < 2; count++)
        expect(refOf(kind, group, name)).toEqual({ kind, apiGroup: group, name })
    expect(refOf('Role', 'g', 'a')).toBe(first)
  })

  it('keeps 1024 references, and passes others on', () => {
    const shared = new SharedParts()
    const refOf = (name: string) => {
      const copy = shared.copy(binding(name))
      return 'roleRef' in copy ? copy.roleRef : undefined
    }
    const kept = Array.from({ length: 1024 }, (_, index) => refOf(`r${index}`))
    for (const [index, each] of kept.entries()) expect(refOf(`r${index}`)).toBe(each)
    const more = refOf('more')
    expect(more).toEqual({ kind: 'ClusterRole', apiGroup: 'g', name: 'more' })
    expect(refOf('more')).not.toBe(more)
    expect(refOf('more')).toEqual(more)
  })

  it('returns every string as it is, whether it is kept or not', () => {
    const shared = new SharedParts()
    for (let round = 0; round < 2; round++)
      for (let index = 0; index < 1030; index++)
        expect(shared.copy(binding('r', { namespace: `n${index}` }))).toMatchObject({
          namespace: `n${index}`,
        })
  })
})
