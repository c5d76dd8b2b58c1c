import { describe, expect, it } from 'vitest'
import { isConfigurationError } from '../../authenticator/errors.ts'
import { parseRbac, type ParsedRbacPolicy } from './parse.ts'

const API = 'rbac.authorization.k8s.io/v1'

const rule = { verbs: ['get'], apiGroups: [''], resources: ['pods'] }
const role = (name: string, more: object = {}): object => ({
  apiVersion: API,
  kind: 'Role',
  metadata: { name, namespace: 'shop', ...more },
  rules: [rule],
})
const roles = (length: number): readonly object[] =>
  Array.from({ length }, (_, index) => role(`role-${index}`))
/** More than what is read at once. */
const many = roles(1500)
const MAX_AT_ONCE = 200_000

/** Everything that can be said of an object. */
const OTHERS: readonly unknown[] = [
  role('role-1'),
  role('x'.repeat(70_000)),
  role('A', { labels: { 'not valid': '' } }),
  { ...role('of-the-cluster'), kind: 'ClusterRole' },
  { apiVersion: 'v1', kind: 'Service', metadata: { name: 'a' } },
  { ...role('unknown-field'), rule: [] },
  { ...role('type'), rules: 'none' },
  { ...role(''), unknown: 1 },
  { kind: 'List', items: [role('nested')] },
  null,
  'text',
  {
    apiVersion: API,
    kind: 'RoleBinding',
    metadata: { name: 'to-nothing', namespace: 'shop' },
    subjects: [{ kind: 'User', name: 'jane' }],
    roleRef: { kind: 'ClusterRole', name: 'missing' },
  },
]

function read(text: string, maxDocumentLength = MAX_AT_ONCE): ParsedRbacPolicy | readonly string[] {
  try {
    return parseRbac(text, { maxLength: 10_000_000, maxDocumentLength })
  } catch (error) {
    if (!isConfigurationError(error)) throw error
    return error.problems.map(({ path, message }) => `${path}: ${message}`)
  }
}

/** A list whose kind comes first, so that its items are read one after the other; and one whose items come first. */
const inBothOrders = (head: object, items: readonly unknown[]): readonly [string, string] => [
  JSON.stringify({ ...head, items }),
  JSON.stringify({ items, ...head }),
]

describe('a large list in JSON', () => {
  it('is read as one of which all items are in memory', () => {
    const [oneByOne, atOnce] = inBothOrders({ apiVersion: 'v1', kind: 'List' }, many)
    expect(oneByOne.length).toBeGreaterThan(MAX_AT_ONCE)
    const policy = read(oneByOne)
    expect(policy).toEqual(read(atOnce))
    expect(policy).toMatchObject({ objects: { length: many.length }, advice: [] })
  })

  it.each(OTHERS.map((item, index) => [index, item] as const))(
    'says the same of an unusual object: %i',
    (_, item) => {
      const [oneByOne, atOnce] = inBothOrders({ apiVersion: 'v1', kind: 'List' }, [
        ...many.slice(0, 700),
        item,
        ...many.slice(700),
      ])
      expect(read(oneByOne)).toEqual(read(atOnce))
    },
  )

  it('says the same of all of them, in the same order', () => {
    const [oneByOne, atOnce] = inBothOrders({ apiVersion: 'v1', kind: 'List' }, [
      ...many,
      ...OTHERS,
      ...OTHERS,
    ])
    const problems = read(oneByOne)
    expect(problems).toEqual(read(atOnce))
    expect(problems).toHaveProperty(
      'length',
      expect.toSatisfy((length: number) => length > 10),
    )
  })

  it.each<[string, object, object?]>([
    ['a list of one kind', { apiVersion: API, kind: 'RoleList' }],
    ['a list of one kind, with its version after the items', { kind: 'RoleList' }, { apiVersion: API }],
    ['a list of one kind without a version', { kind: 'RoleList' }],
    ['a version of null', { apiVersion: null, kind: 'RoleList' }],
    ['an object of another kind', { apiVersion: 'v1', kind: 'Pods' }],
    ['an object without a kind', {}],
    ['a kind that is not a string', { apiVersion: 'v1', kind: ['List'] }],
  ])('may be %s', (_, head, tail = {}) => {
    const items = many.map((each) => ({ ...each, kind: undefined, apiVersion: undefined }))
    const oneByOne = read(JSON.stringify({ ...head, items, ...tail }))
    expect(oneByOne).toEqual(read(JSON.stringify({ items, ...head, ...tail })))
  })

  it.each([
    ['not JSON after its items', ',"last":]}'],
    ['of another kind after its items', ',"kind":"Pods"}'],
    ['cut off', ''],
  ])('counts for nothing if the text is %s', (_, end) => {
    const text = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: many })
    expect(read(`${text.slice(0, -1)}${end}`)).toContainEqual(expect.stringMatching(/^rbac: /))
  })

  it('leaves nothing behind where it was only begun: the YAML parser reads the same objects', () => {
    const text = JSON.stringify({
      apiVersion: 'v1',
      kind: 'List',
      items: [...many, { ...role('long'), rules: [{ ...rule, resourceNames: ['x'.repeat(900_000)] }] }],
    })
    expect(text.length).toBeGreaterThan(1_048_576)
    const expected = read(text)
    expect(expected).not.toBeInstanceOf(Array)
    // A comment is YAML, not JSON.
    expect(read(`${text.slice(0, -1)}\n # the end\n }`, 2_000_000)).toEqual(expected)
  })
})
