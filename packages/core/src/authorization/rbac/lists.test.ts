import { describe, expect, it } from 'vitest'
import { parseRbac, rbacPolicy } from './parse.ts'

const API = { apiVersion: 'rbac.authorization.k8s.io/v1' }
const role = { ...API, kind: 'ClusterRole', metadata: { name: 'r' } }

describe('a list', () => {
  it.each<[string, unknown, readonly string[]]>([
    ['of nothing', { kind: 'List', items: [] }, []],
    ['of roles', { kind: 'List', items: [role] }, ['r']],
    ['of one kind', { ...API, kind: 'ClusterRoleList', items: [{ metadata: { name: 'a' } }] }, ['a']],
    ['of one kind, whose items say it too', { kind: 'RoleList', items: [role] }, ['r']],
    ['of another API', { apiVersion: 'v1', kind: 'PodList', items: [{ metadata: { name: 'p' } }] }, []],
    ['of objects of several APIs', { kind: 'List', items: [{ apiVersion: 'v1', kind: 'Pod' }, role] }, ['r']],
  ])('%s is its items', (_, list, expected) => {
    expect(rbacPolicy([list]).objects.map(({ name }) => name)).toEqual(expected)
    expect(parseRbac(JSON.stringify(list)).objects.map(({ name }) => name)).toEqual(expected)
  })

  it.each<[string, unknown, string]>([
    ['null', null, 'objects[0]: Invalid value: must be an object, but is null'],
    ['a string', 'List', 'objects[0]: Invalid value: must be an object, but is a string'],
    ['a number', 1, 'objects[0]: Invalid value: must be an object, but is a number'],
    [
      'a list of null',
      { kind: 'List', items: [null] },
      'objects[0]: Invalid value: must be an object, but is null',
    ],
    [
      'a list of one kind, of null',
      { ...API, kind: 'RoleList', items: [null] },
      'objects[0]: Invalid value: must be an object, but is null',
    ],
    [
      'a list of one kind, of strings',
      { ...API, kind: 'RoleList', items: ['a'] },
      'objects[0]: Invalid value: must be an object, but is a string',
    ],
    [
      'a list without items',
      { ...API, kind: 'RoleList' },
      'objects[0]: kind: Unsupported value: "RoleList": supported values: "ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding"',
    ],
    [
      'a list whose items are none',
      { ...API, kind: 'RoleList', items: 'x' },
      'objects[0]: kind: Unsupported value: "RoleList": supported values: "ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding"',
    ],
    ['items of no list', { ...role, items: [] }, 'objects[0]: items: Unknown field'],
    [
      'items of a kind that is not a string',
      { ...API, kind: 1, items: [] },
      'objects[0]: kind: Invalid value: must be a string, but is a number',
    ],
  ])('is not %s', (_, value, problem) => {
    expect(() => rbacPolicy([value])).toThrow(problem)
  })
})
