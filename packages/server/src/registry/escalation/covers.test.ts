import { describe, expect, it } from 'vitest'
import { type PolicyRule, ruleAllows } from '@kube-authn/core/authorization'
import fc from 'fast-check'
import { cpuSecondsOf } from '../../../../../test/cpu-seconds.ts'
import { coverage } from './covers.ts'

const NONE: PolicyRule = { verbs: [], apiGroups: [], resources: [], resourceNames: [], nonResourceURLs: [] }
const rule = (verbs: string, resources: string, names = '', groups = ''): PolicyRule => ({
  ...NONE,
  verbs: verbs.split(' '),
  apiGroups: groups.split(' '),
  resources: resources.split(' '),
  resourceNames: names === '' ? [] : names.split(' '),
})
const urls = (verbs: string, paths: string): PolicyRule => ({
  ...NONE,
  verbs: verbs.split(' '),
  nonResourceURLs: paths.split(' '),
})

describe('coverage', () => {
  it.each<[string, readonly PolicyRule[], readonly PolicyRule[], number]>([
    ['the same rule', [rule('get', 'pods')], [rule('get', 'pods')], 0],
    ['another verb', [rule('get', 'pods')], [rule('list', 'pods')], 1],
    ['every verb, of one', [rule('get', 'pods')], [rule('*', 'pods')], 1],
    ['one verb, of every', [rule('*', 'pods')], [rule('get', 'pods')], 0],
    ['another group', [rule('get', 'pods')], [rule('get', 'pods', '', 'apps')], 1],
    ['every group', [rule('get', 'pods', '', '*')], [rule('get', 'pods', '', 'apps *')], 0],
    ['two rules together', [rule('get', 'pods'), rule('list', 'pods')], [rule('get list', 'pods')], 0],
    [
      'two rules crosswise',
      [rule('get', 'pods'), rule('list', 'secrets')],
      [rule('get list', 'pods secrets')],
      2,
    ],
    ['a subresource, of the resource', [rule('get', 'pods')], [rule('get', 'pods/log')], 1],
    ['a subresource, of all of that name', [rule('get', '*/log')], [rule('get', 'pods/log')], 0],
    ['a deeper subresource', [rule('get', '*/log/x')], [rule('get', 'pods/log/x')], 0],
    ['all of a subresource, of one', [rule('get', 'pods/log')], [rule('get', '*/log')], 1],
    ['a subresource, of everything', [rule('get', '*')], [rule('get', 'pods/log')], 0],
    ['a name, of any', [rule('get', 'pods')], [rule('get', 'pods', 'x')], 0],
    ['any name, of one', [rule('get', 'pods', 'x')], [rule('get', 'pods')], 1],
    [
      'names, of two rules',
      [rule('get', 'pods', 'x'), rule('get', 'pods', 'y')],
      [rule('get', 'pods', 'x y z')],
      1,
    ],
    ['the name *, of any name', [rule('get', 'pods', '*')], [rule('get', 'pods')], 1],
    ['a path', [urls('get', '/a /b')], [urls('get', '/a /c')], 1],
    ['a path, of a prefix', [urls('get', '/a/*')], [urls('get', '/a/b /a/* /a')], 1],
    ['longer paths, of one without a star', [urls('get', '/a /a/')], [urls('get', '/ab /a/b /a* /a/*')], 4],
    ['a longer prefix', [urls('get', '/a*')], [urls('get', '/ab*')], 0],
    ['a shorter prefix', [urls('get', '/ab*')], [urls('get', '/a*')], 1],
    ['every path', [urls('*', '*')], [urls('get', '/a *')], 0],
    ['a path, of every resource', [rule('*', '*', '', '*')], [urls('get', '/a')], 1],
    ['a resource, of every path', [urls('*', '*')], [rule('get', 'pods')], 1],
    ['nothing', [], [], 0],
    ['a rule without verbs', [], [{ ...rule('get', 'pods'), verbs: [] }], 0],
  ])('%s', (_, held, wanted, missing) => {
    expect(coverage(held, wanted)).toMatchObject({ missing: { length: missing }, isTooLarge: false })
  })

  it('finds every right that is not held', () => {
    const some = (...values: string[]) =>
      fc.uniqueArray(fc.constantFrom(...values), { minLength: 1, maxLength: 2 })
    const any = fc.record({
      verbs: some('get', 'list', '*'),
      apiGroups: some('', 'apps', '*'),
      resources: some('pods', 'pods/log', '*/log', '*'),
      resourceNames: fc.oneof(fc.constant<string[]>([]), some('x', 'y')),
      nonResourceURLs: fc.oneof(fc.constant<string[]>([]), some('/a', '/a/', '/ab', '/a/*', '/a*', '*')),
    })
    const verb = fc.constantFrom('get', 'list', 'delete')
    const onResource = fc.record({
      resourceRequest: fc.constant(true),
      path: fc.constant(''),
      verb,
      apiGroup: fc.constantFrom('', 'apps', 'batch'),
      resource: fc.constantFrom('pods', 'secrets'),
      subresource: fc.constantFrom('', 'log'),
      name: fc.constantFrom('', 'x', 'y', 'z'),
    })
    const onPath = fc.record({
      resourceRequest: fc.constant(false),
      path: fc.constantFrom('/', '/a', '/a/', '/ab', '/a/b'),
      verb,
      apiGroup: fc.constant(''),
      resource: fc.constant(''),
      subresource: fc.constant(''),
      name: fc.constant(''),
    })
    fc.assert(
      fc.property(
        fc.array(any, { maxLength: 3 }),
        fc.array(any, { maxLength: 3 }),
        fc.oneof(onResource, onPath),
        (held, wanted, asked) => {
          const { missing } = coverage(held, wanted)
          const isAllowedBy = (rules: readonly PolicyRule[]): boolean =>
            rules.some((each) => ruleAllows(each, asked))
          // What the wanted rules allow is allowed by the held ones, unless it is missing.
          if (missing.length === 0 && isAllowedBy(wanted)) expect(isAllowedBy(held)).toBe(true)
          if (isAllowedBy(wanted) && !isAllowedBy(held)) expect(isAllowedBy(missing)).toBe(true)
        },
      ),
      { numRuns: 1000 },
    )
  })

  it.each<[string, number]>([
    ['with the product of four long lists', 1000],
    ['with the product of four short lists', 30],
  ])('gives up on rules %s, soon', (_, length) => {
    const many = (letter: string) => Array.from({ length }, (__, index) => `${letter}${index}`)
    const huge = {
      ...NONE,
      verbs: many('v'),
      apiGroups: many('g'),
      resources: many('r'),
      resourceNames: many('n'),
    }
    const held = many('x').map((resource) => rule('get', resource))
    expect(cpuSecondsOf(() => expect(coverage(held, [huge]).isTooLarge).toBe(true))).toBeLessThan(2)
    // It is held as a whole by one who may do everything.
    expect(coverage([rule('*', '*', '', '*')], [huge])).toEqual({ missing: [], isTooLarge: false })
  })

  const names = (length: number, letter = 'n'): readonly string[] =>
    Array.from({ length }, (_, index) => `${letter}${index}`)
  const on = (fields: Partial<PolicyRule>): PolicyRule => ({
    ...NONE,
    verbs: ['get'],
    apiGroups: [''],
    resources: ['pods'],
    ...fields,
  })
  const at = (...nonResourceURLs: readonly string[]): PolicyRule => ({
    ...NONE,
    verbs: ['get'],
    nonResourceURLs,
  })

  // A stored role has at most 1 MiB, and a caller may have many.
  it.each<[string, readonly PolicyRule[], PolicyRule, boolean]>([
    [
      'as many names',
      [on({ resourceNames: names(90_000).toReversed() })],
      on({ resourceNames: names(90_000) }),
      true,
    ],
    ['as many verbs', [on({ verbs: names(90_000).toReversed() })], on({ verbs: names(90_000) }), true],
    [
      'as many resources',
      [on({ resources: names(90_000).toReversed() })],
      on({ resources: names(90_000, 'n/') }),
      false,
    ],
    [
      'a verb over and over',
      Array.from({ length: 20 }, () => on({ verbs: Array.from({ length: 170_000 }, () => 'get') })),
      on({ verbs: names(10_000) }),
      false,
    ],
    [
      'a wanted verb over and over',
      [on({})],
      on({ verbs: Array.from({ length: 170_000 }, () => 'list') }),
      false,
    ],
    [
      'many rules, and names in the last of them',
      [
        ...Array.from({ length: 5000 }, () => on({ resourceNames: ['x'] })),
        on({ resourceNames: names(90_000) }),
      ],
      on({ resourceNames: names(90_000).toReversed() }),
      true,
    ],
    [
      'many beginnings of paths',
      [at(...names(100_000, '/a').map((path) => `${path}*`))],
      at(...names(100_000, '/b')),
      false,
    ],
    [
      'more beginnings of paths than can be compared',
      [{ ...at(), nonResourceURLs: names(600_000, '/a').map((path) => `${path}*`) }],
      at('/b'),
      false,
    ],
    ['a path of stars', [at(`/${'*'.repeat(500_000)}a*`)], at('/b'), false],
  ])('is soon found with %s', (_, held, wanted, isHeld) => {
    const spent = cpuSecondsOf(() => {
      const { missing, isTooLarge } = coverage(held, [wanted])
      expect(missing.length === 0 && !isTooLarge).toBe(isHeld)
    })
    expect(spent).toBeLessThan(3)
  })
})
