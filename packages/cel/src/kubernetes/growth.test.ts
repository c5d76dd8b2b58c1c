import { describe, expect, it } from 'vitest'
import { expectLinearWork } from '../../../../test/growth.ts'
import { celCompiler } from './index.ts'

type Claims = Readonly<Record<string, unknown>>

const list = (length: number, element: (index: number) => unknown = String): readonly unknown[] =>
  Array.from({ length }, (_, index) => element(index))
const members = (length: number): Claims =>
  Object.fromEntries(Array.from({ length }, (_, index) => [`k${index}`, index]))
const withList = (n: number): Claims => ({ a: list(n, () => 1) })
const longList = (n: number): Claims => ({ m: withList(n) })
const longMaps = (n: number): Claims => ({ l: list(n, () => ({})) })

describe('the work of an expression with a constant cost for each of many values', () => {
  it.each<[string, string, (length: number) => Claims]>([
    ['visits to a map with a long list', 'claims.m.exists(k, true)', longList],
    ['both variables of a map with a long list', 'claims.m.all(k, v, true)', longList],
    ['a map in a list', 'claims.l[0].exists(k, true)', (n) => ({ l: [withList(n)] })],
    ['a map in a map', 'claims.m.n.exists(k, true)', (n) => ({ m: { n: withList(n) } })],
    ['a map that is visited in a map', 'claims.m.all(k, v, v.exists(l, true))', (n) => ({ m: longList(n) })],
    ['a map in an optional', 'claims.?m.value().exists(k, true)', longList],
    ['visits to many members that end early', 'claims.m.exists(k, true)', (n) => ({ m: members(n) })],
    ['visits to many claims that end early', 'claims.exists(k, true)', members],
    ['both variables of many claims that end early', 'claims.exists(k, v, true)', members],
    ['sizes of many members', 'claims.m.size() >= 0', (n) => ({ m: members(n) })],
    ['the presence of a member', 'has(claims.m.a)', longList],
    ['a member that is named by a value', 'claims.m["a"] != 1', longList],
    ['the presence of a long list of maps', 'claims.?l.hasValue()', longMaps],
    ['an element of a long list of maps', 'claims.l[0].size() == 0', longMaps],
    ['the size of a long list of maps', 'claims.l.size() >= 0', longMaps],
    ['an optional element of a long list of maps', 'claims.?l[?0].hasValue()', longMaps],
    ['a long list in an optional', 'claims.?l.orValue([]).size() >= 0', longMaps],
    ['a name of many underscores', '!(claims.s in claims.m)', (n) => ({ s: '_'.repeat(n), m: {} })],
    [
      'a member with a long name',
      'claims.m[?claims.s] != optional.of(1)',
      (n) => ({ s: '_'.repeat(n), m: {} }),
    ],
  ])('grows with the claims: %s', (_, expression, claims) => {
    const program = celCompiler().compile('claims', `claims.x.all(a, ${expression})`)
    expectLinearWork(500, (length) => {
      const input = { x: list(length), ...claims(length) }
      return () => {
        expect(program.evaluate(input)).toBe(true)
      }
    })
  })
})

describe('the work of an expression about a user', () => {
  const names = (length: number): readonly string[] => Array.from({ length }, (_, index) => `n${index}`)
  const fieldsOf = (length: number) => ({ uid: '', groups: names(length), extra: { k: names(length) } })

  it.each([
    ['visits to the extra fields', 'extra.exists(k, true)'],
    ['both variables of the extra fields', 'extra.all(k, v, true)'],
    ['a value of an extra field', 'extra["k"][0] == "n0"'],
    ['the last of the values', 'extra.k.size() > 0'],
    ['a name that is no key', '!("x" in extra)'],
  ])('grows with the user: %s', (_, expression) => {
    const compiler = celCompiler()
    const written = (name: string): string =>
      `${name}.groups.all(g, ${expression.replaceAll('extra', `${name}.extra`)})`
    const ofUsers = compiler.compile('user', written('user'))
    const ofRequests = compiler.compile('request', written('request'))
    expectLinearWork(500, (length) => {
      const fields = fieldsOf(length)
      const nonResourceAttributes = { path: '/', verb: 'get' }
      return () => {
        expect(ofUsers.evaluate({ username: 'jane', ...fields })).toBe(true)
        expect(ofRequests.evaluate({ user: 'jane', ...fields, nonResourceAttributes })).toBe(true)
      }
    })
  })

  it.each([
    ['visits to requirements', 'requirements.exists(r, true)'],
    ['one of the requirements', 'requirements[0].values.size() > 0'],
    ['the presence of requirements', 'requirements.size() > 0'],
  ])('grows with the selectors of a request: %s', (_, expression) => {
    const selector = 'request.resourceAttributes.labelSelector'
    const program = celCompiler().compile('request', `request.groups.all(g, ${selector}.${expression})`)
    const strings = {
      namespace: '',
      verb: '',
      group: '',
      version: '',
      resource: '',
      subresource: '',
      name: '',
    }
    expectLinearWork(500, (length) => {
      const requirements = [
        { key: 'k', operator: 'In', values: names(length) },
        ...names(length).map((key) => ({ key, operator: 'Exists', values: [] })),
      ]
      const resourceAttributes = { ...strings, labelSelector: { requirements } }
      const request = { user: 'jane', ...fieldsOf(length), resourceAttributes }
      return () => {
        expect(program.evaluate(request)).toBe(true)
      }
    })
  })
})
