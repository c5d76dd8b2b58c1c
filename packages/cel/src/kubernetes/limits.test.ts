import { describe, expect, it } from 'vitest'
import { cpuSecondsOf } from '../../../../test/cpu-seconds.ts'
import { CelCompileError, celCompiler, CelEvaluationError, type CelValue } from './index.ts'

const compiler = celCompiler()

type Claims = Readonly<Record<string, unknown>>

function evaluated(expression: string, input: Claims): CelValue {
  return compiler.compile('claims', expression).evaluate(input)
}

/** What comes of it, at a cost that one request may have. */
function outcomeOf(expression: string, input: Claims): unknown {
  const program = compiler.compile('claims', expression)
  let outcome: unknown
  const spent = cpuSecondsOf(() => {
    try {
      outcome = program.evaluate(input)
    } catch (error) {
      expect(error).toBeInstanceOf(CelEvaluationError)
      outcome = error instanceof Error ? error.message : undefined
    }
  })
  // The slowest takes 0.8 while Node.js still compiles it.
  expect(spent).toBeLessThan(8)
  return outcome
}

const list = (length: number, element: (index: number) => unknown = String): readonly unknown[] =>
  Array.from({ length }, (_, index) => element(index))

const mapOf = (size: number, key: (index: number) => string, value: () => unknown): Claims =>
  Object.fromEntries(Array.from({ length: size }, (_, index) => [key(index), value()]))

const many = list(20_000)
const doubled = (times: number): string => '.optMap(a, a + a)'.repeat(times)
const COST = 'operation cancelled: actual cost limit exceeded'

function nestedLists(levels: number): unknown {
  let value: unknown = 1
  for (let level = 0; level < levels; level++) value = [value]
  return value
}

/** What a token with 24 kB of claims can hold, so that neighbouring characters are told apart. */
const mixed = Array.from({ length: 24_000 }, (_, index) => 'ab'.charAt(((index * 7919) >> 3) & 1)).join('')

describe('an expression', () => {
  it.each<[string, string, Claims]>([
    ['lists in lists', 'claims.x.all(a, claims.x.all(b, claims.x.exists(c, c == a)))', { x: many }],
    ['lists in lists, forgotten', 'claims.x.all(a, claims.x.all(b, a != b || true)) || true', { x: many }],
    [
      'comprehensions in four',
      'claims.x.all(a, claims.x.all(b, claims.x.all(c, claims.x.all(d, true))))',
      { x: list(100) },
    ],
    [
      'a long predicate',
      `claims.x.exists(a, ${list(700, (n) => `a == "${n}x"`).join(' || ')})`,
      { x: list(80_000) },
    ],
    [
      'membership',
      'claims.x.exists(a, a in claims.y)',
      { x: many, y: many.map((each) => `${String(each)}!`) },
    ],
    ['joins', 'claims.x.all(a, claims.x.join(a).size() >= 0)', { x: many }],
    ['lists that grow', 'claims.x.map(a, claims.x + [a]).size() == 1', { x: many }],
    ['sets', 'sets.contains(claims.x, claims.x)', { x: many }],
    [
      'sets of lists',
      'sets.contains(claims.x, claims.x)',
      { x: list(90, (last) => [...list(900, () => 1), last]) },
    ],
    [
      'comparisons of lists',
      'claims.x.all(a, claims.y == claims.z)',
      { x: list(500), y: many, z: [...many] },
    ],
    ['replacements', 'claims.x.replace("a", claims.x)', { x: 'a'.repeat(40_000) }],
    ['replacements of replacements', `claims.x${'.replace("a", "aaaaaaaaaa")'.repeat(8)}`, { x: 'aaaa' }],
    ['a text that doubles', `optional.of("aaaaaaaa")${doubled(40)}.value()`, {}],
    ['bytes that double', `optional.of(b"aaaaaaaa")${doubled(40)}.value()`, {}],
    ['a list that doubles', `optional.of([1, 2, 3, 4])${doubled(40)}.value()`, {}],
    [
      'a text that is joined with itself',
      `optional.of("aaaa")${'.optMap(a, [a, a, a].join(a))'.repeat(20)}.value()`,
      {},
    ],
    ['a long text in parts', `optional.of("aaaaaaaa")${doubled(20)}.optMap(a, a.split("")).value()`, {}],
    ['a list in lists', 'claims.x.map(a, claims.x)', { x: many }],
    ['a list in lists in lists', 'claims.x.map(a, claims.x.map(b, claims.x))', { x: list(300) }],
    [
      'maps of maps',
      'claims.m.all(a, claims.m.all(b, claims.m[a] == claims.m[b] || true))',
      {
        m: mapOf(
          300,
          (n) => `k${n}`,
          () =>
            mapOf(
              300,
              (n) => `k${n}`,
              () => 'x',
            ),
        ),
      },
    ],
    ['errors', 'claims.x.all(a, a.b == 1)', { x: list(90_000) }],
    ['errors that do not count', 'claims.x.all(a, a.b == 1 || true)', { x: list(90_000) }],
    ['long strings', 'claims.x.all(a, claims.y.lowerAscii() != "")', { x: many, y: 'A'.repeat(20_000) }],
    ['sizes of long strings', 'claims.x.all(a, claims.y.size() > 0)', { x: many, y: 'A'.repeat(20_000) }],
    [
      'long strings that nearly match',
      'claims.x.all(a, !claims.y.contains("b" + claims.z))',
      {
        x: many,
        y: 'a'.repeat(20_000),
        z: 'a'.repeat(10_000),
      },
    ],
    [
      'time zones',
      'claims.x.all(a, claims.x.all(b, timestamp(0).getHours("Europe/Paris") >= 0))',
      { x: list(300) },
    ],
    ['a pattern that is short and long', 'claims.x.matches("(.{0,30}a.{0,30}b){0,16}[xy]")', { x: mixed }],
    [
      'keys with line ends',
      'claims.x.exists(a, claims.m[claims.s] == a)',
      { x: many, m: {}, s: '\n'.repeat(20_000) },
    ],
    [
      'integers in many bases',
      'claims.x.all(a, "%d %x %X %b %o".format([a, a, a, a, a].map(b, int(b) * 1000000)) != "")',
      { x: many },
    ],
    ['places of maps', 'claims.x.all(a, claims.x.indexOf(a) >= 0)', { x: list(3000, (k) => ({ k })) }],
    [
      'large quantities',
      'claims.x.map(a, quantity(a)).distinct().size() > 0',
      { x: list(1500, (n) => `${'9'.repeat(20)}${n}e380`) },
    ],
    [
      'patterns with many brackets',
      'claims.x.all(p, "a".matches(p))',
      { x: list(15, (n) => `${'('.repeat(900)}a${')'.repeat(900)}|${n}`) },
    ],
    ['maps in lists', 'claims.x.map(a, claims.x.transformMap(i, b, b)).size() > 0', { x: list(3000) }],
    [
      'time zones of the caller',
      'claims.x.all(z, timestamp(0).getHours(z) >= 0)',
      { x: Intl.supportedValuesOf('timeZone') },
    ],
    ['patterns of the caller', 'claims.x.all(p, !"1".matches(p))', { x: list(2000, (n) => `\\pL{90}${n}`) }],
    [
      'a pattern that looks at the rest each time',
      'claims.x.findAll("a.*b|a").size() > 0',
      { x: 'a'.repeat(24_000) },
    ],
    ['places of a pattern', 'claims.x.all(a, claims.y.find("[0-9]+x") == "")', { x: many, y: mixed }],
    [
      'a text that is put into itself',
      `optional.of("aaaaaaaa")${'.optMap(a, "%s%s".format([a, a]))'.repeat(20)}.value()`,
      {},
    ],
    ['lists in strings', 'claims.x.all(a, "%s".format([claims.x.map(b, b)]) != "")', { x: many }],
    [
      'digits of a number',
      'claims.x.all(a, "%.100f".format([double(claims.n)]) != "")',
      { x: many.concat(many, many), n: 1e300 },
    ],
    ['quotes', 'claims.x.all(a, strings.quote(claims.y) != "")', { x: many, y: '"\n'.repeat(10_000) }],
    [
      'hexadecimal digits',
      'claims.x.all(a, "%x".format([string(claims.y)]) != "")',
      { x: many, y: 'é'.repeat(20_000) },
    ],
    ['sorted lists', 'claims.x.all(a, claims.x.sort().size() > 0)', { x: many }],
    ['lists that are sorted by something', 'claims.x.sortBy(a, claims.x.sortBy(b, b).size())', { x: many }],
    ['a list that looks for what it has', 'claims.x.distinct()', { x: list(20_000, (n) => n) }],
    ['a list of numbers', 'lists.range(9223372036854775807)', {}],
    ['lists of numbers', 'lists.range(10000).map(a, lists.range(a))', {}],
    ['sums', 'claims.x.all(a, claims.y.sum() > 0.0)', { x: many, y: list(20_000, (n) => n) }],
    ['the smallest of many', 'claims.x.all(a, claims.x.min() != "x")', { x: many }],
    [
      'places in lists',
      'claims.x.all(a, claims.x.indexOf("x") < 0 && claims.x.lastIndexOf("x") < 0)',
      { x: many },
    ],
    ['lists the other way round', 'claims.x.all(a, claims.x.reverse().size() > 0)', { x: many }],
    ['parts of lists', 'claims.x.all(a, claims.x.slice(1, 20000).size() > 0)', { x: many }],
    ['lists of lists', 'claims.x.all(a, claims.x.flatten(9).size() > 0)', { x: list(1000, () => list(20)) }],
    [
      'maps that are made',
      'claims.x.all(a, claims.x.transformMapEntry(i, v, {i: v}).size() > 0)',
      { x: many },
    ],
    [
      'keys that are numbers',
      'claims.x.all(a, claims.x.transformMapEntry(i, v, {uint(i): v}).size() > 0)',
      { x: many },
    ],
    [
      'paths that are escaped',
      'claims.x.all(a, url(claims.y).getEscapedPath() != "")',
      { x: many, y: `/${' '.repeat(20_000)}` },
    ],
    [
      'parameters of a URL',
      'optional.of(url(claims.y)).optMap(u, claims.x.all(a, u.getQuery().size() > 0)).value()',
      { x: many, y: `/?${'a&'.repeat(10_000)}` },
    ],
    [
      'hosts of a URL',
      'optional.of(url(claims.y)).optMap(u, claims.x.all(a, u.getHostname() + u.getPort() != "")).value()',
      { x: many, y: `http://${'a.'.repeat(10_000)}:1` },
    ],
    [
      'URLs that are the same',
      'optional.of(url(claims.y)).optMap(u, claims.x.all(a, claims.x.all(b, u == url("/")|| true))).value()',
      { x: many, y: `/${'a'.repeat(20_000)}` },
    ],
    [
      'quantities',
      'claims.x.all(a, claims.x.all(b, quantity(claims.y).compareTo(quantity("1n").add(quantity(claims.y))) < 0))',
      { x: many, y: `${'9'.repeat(100)}e99` },
    ],
    [
      'versions',
      'claims.x.all(a, claims.x.all(b, semver(claims.y).compareTo(semver(claims.y)) == 0))',
      { x: many, y: `1.0.0-${'1.'.repeat(120)}1` },
    ],
    [
      'addresses',
      'claims.x.all(a, claims.x.all(b, cidr("fe80::/10").containsIP(claims.y) && ip(claims.y).isLinkLocalUnicast()))',
      { x: many, y: 'fe80:1111:1111:1111:1111:1111:255.255.255.255' },
    ],
    [
      'names',
      'claims.x.all(a, format.dns1123Subdomain().validate(claims.y).hasValue())',
      { x: many, y: 'a.'.repeat(8000) },
    ],
  ])('is given up because of %s', (_, expression, input) => {
    expect(outcomeOf(expression, input)).toBe(COST)
  })

  it.each<[string, string, Claims, unknown]>([
    [
      'a pattern that is too long',
      '"a".matches(claims.x)',
      { x: '1'.repeat(24_000) },
      'a pattern must be at most 4096 characters',
    ],
    ['a pattern that backtracks', 'claims.x.matches("^(a+)+$")', { x: `${'a'.repeat(5000)}!` }, false],
    [
      'an invalid duration',
      'duration(claims.x)',
      { x: '1'.repeat(24_000) },
      "type conversion error from 'string' to 'google.protobuf.Duration'",
    ],
    [
      'an invalid number',
      'double(claims.x)',
      { x: `${'1'.repeat(24_000)}x` },
      "type conversion error from 'string' to 'double'",
    ],
    [
      'an invalid time',
      'timestamp(claims.x)',
      { x: '1'.repeat(24_000) },
      "type conversion error from 'string' to 'google.protobuf.Timestamp'",
    ],
    ['an invalid quantity', 'isQuantity(claims.x)', { x: `1e${'9'.repeat(20_000)}` }, false],
    ['an invalid version', 'isSemver(claims.x, true)', { x: '1.'.repeat(10_000) }, false],
    ['an invalid address', 'isIP(claims.x) || isCIDR(claims.x)', { x: '1:'.repeat(10_000) }, false],
    ['an invalid URL', 'isURL(claims.x)', { x: `https://${'a:'.repeat(10_000)}x` }, false],
    [
      'a string in an invalid format',
      'format.byte().validate(claims.x).hasValue()',
      { x: 'AAAA'.repeat(5000) },
      false,
    ],
    [
      'a list of lists of lists',
      'claims.x.flatten(9223372036854775807).size()',
      { x: [[[['a']]], 'b'] },
      COST,
    ],
    [
      'more than there can be',
      'claims.x == 1',
      { x: list(6, () => many) },
      'claim "x" failed to unmarshal: the value is too large',
    ],
    ['the same list twice', 'claims.x == claims.x', { x: many }, true],
    [
      'a pattern that is too large',
      'claims.x.matches(claims.y)',
      { x: 'a', y: '((a{0,99}){0,99}){0,99}' },
      'error parsing regexp',
    ],
  ])('is not kept busy by %s', (_, expression, input, expected) => {
    expect(outcomeOf(expression, input)).toBe(expected)
  })

  it('does not pay again for what another one cost', () => {
    const program = compiler.compile('claims', 'claims.x.map(a, a)')
    expect(() => program.evaluate({ x: list(99_000, () => ({ y: 1 })) })).toThrow(CelEvaluationError)
    expect(program.evaluate({ x: ['b'] })).toEqual(['b'])
  })

  it.each([
    ['100,000 values', list(99_999), list(100_000), 'the value is too large'],
    ['64 levels', nestedLists(64), nestedLists(65), 'the value is nested too deeply'],
  ])('reads claims of %s, and not one more', (_, most, tooMuch, message) => {
    const program = compiler.compile('claims', 'has(claims.x)')
    expect(program.evaluate({ x: most })).toBe(true)
    expect(() => program.evaluate({ x: tooMuch })).toThrow(`claim "x" failed to unmarshal: ${message}`)
    expect(program.evaluate({ x: 1, y: tooMuch })).toBe(true)
  })

  it('reads claims of 100,000 values in all', () => {
    const claims = { x: list(60_000), y: list(60_000) }
    expect(evaluated('has(claims.x) && has(claims.x) || has(claims.y)', claims)).toBe(true)
    expect(() => evaluated('has(claims.x) && has(claims.y)', claims)).toThrow('the value is too large')
  })

  it('counts the work of each error', () => {
    const failing = (times: number) =>
      outcomeOf('claims.x.exists(a, int(a) == 1)', { x: list(times, () => 'x') })
    expect(failing(5_000)).toBe("type conversion error from 'string' to 'int'")
    expect(failing(7_000)).toBe(COST)
  })

  describe.each(['1e309', '-1e400', '{"a": [1, {"b": 1e400}]}', '[1, [1e400]]'])(
    'with a claim beyond a double: %s',
    (text) => {
      const claims: Readonly<Record<string, unknown>> = { sub: 'jane', list: ['a'], n: JSON.parse(text) }

      it.each([
        'claims.n',
        'claims["n"]',
        'string(claims.n)',
        'has(claims.n)',
        'has(claims.n.a)',
        'claims.?n.hasValue()',
        'claims.?n.orValue("") == ""',
        'claims.n == claims.n',
        'type(claims.n)',
        '[claims.n]',
        '{"n": claims.n}',
        'claims.n || false',
        'claims.list.exists(x, claims.n == x)',
        'claims.map(name, name)',
        'claims',
        '[claims]',
      ])('ends in an error: %s', (expression) => {
        expect(() => evaluated(expression, claims)).toThrow(
          new CelEvaluationError('claim "n" failed to unmarshal: a number is out of range'),
        )
      })

      it.each<[string, unknown]>([
        ['true', true],
        ['claims.sub', 'jane'],
        ['has(claims.none)', false],
        ['claims.n == 1 || claims.sub == "jane"', true],
        ['claims.list.exists(x, claims.n == x || x == "a")', true],
        ['false && has(claims.n)', false],
      ])('is evaluated where the claim does not matter: %s', (expression, value) => {
        expect(evaluated(expression, claims)).toBe(value)
      })
    },
  )

  it('shows the name of an invalid claim in one short line', () => {
    const name = `a\n${'b'.repeat(1000)}`
    const program = compiler.compile('claims', 'claims.map(name, name)')
    expect(() => program.evaluate({ [name]: Infinity })).toThrow(
      `claim "a\uFFFD${'b'.repeat(254)}" failed to unmarshal: a number is out of range`,
    )
  })

  it('takes the largest and smallest doubles', () => {
    expect(evaluated('claims.n > 0.0 && claims.m < 0.0', { n: 1.797e308, m: -1.797e308 })).toBe(true)
  })

  it('ends in an error when claims are nested deeply', () => {
    let deep: unknown = 1
    for (let depth = 0; depth < 10_000; depth++) deep = [deep]
    expect(() => evaluated('claims.deep == 1', { deep })).toThrow('nested too deeply')
  })

  it.each([
    ['brackets', `${'['.repeat(90)}1${']'.repeat(90)}`, true],
    ['as many brackets as can be', `${'['.repeat(249)}1${']'.repeat(249)}`, true],
    ['one bracket more', `${'['.repeat(250)}1${']'.repeat(250)}`, false],
    ['sums', list(251, () => '1').join('+'), true],
    ['longer sums', list(252, () => '1').join('+'), false],
    ['comparisons', list(300, () => 'true').join(' == '), false],
    ['alternatives', list(11_000, () => 'false').join(' || '), true],
    ['parentheses', `${'('.repeat(5000)}1${')'.repeat(5000)}`, false],
    ['selections', `claims${'.a'.repeat(5000)}`, false],
    ['signs', `${'-'.repeat(5000)}1`, true],
    ['conditions', `${'true ? '.repeat(2000)}1${' : 2'.repeat(2000)}`, false],
    ['calls', `${'string('.repeat(2000)}1${')'.repeat(2000)}`, false],
  ])('compiles or not when it is nested in %s', (_, expression, isValid) => {
    const compile = () => compiler.compile('claims', expression)
    if (isValid) expect(compile).not.toThrow()
    else expect(compile).toThrow(CelCompileError)
  })

  it('evaluates the deepest and the longest expressions', () => {
    expect(outcomeOf(list(251, () => '1').join('+'), {})).toBe(251n)
    expect(outcomeOf(list(11_000, () => 'false').join(' || '), {})).toBe(false)
    const nested = `${'['.repeat(240)}1${']'.repeat(240)}${'[0]'.repeat(5)}.size()`
    expect(outcomeOf(nested, {})).toBe(1n)
  })

  it('has enough for all that a token holds', () => {
    const input = { realm: { roles: many.slice(0, 5000) } }
    expect(evaluated('claims.realm.roles.map(r, "kc:" + r).size()', input)).toBe(5000n)
    expect(evaluated('claims.realm.roles.exists(r, r == "x")', input)).toBe(false)
    expect(evaluated('claims.realm.roles.all(r, !r.startsWith("system:"))', input)).toBe(true)
    expect(evaluated('claims.realm.roles.filter(r, r.matches("^[0-9]{1,9}$")).size()', input)).toBe(5000n)
    expect(evaluated('"4999" in claims.realm.roles', input)).toBe(true)
    expect(evaluated('claims.realm.roles.join(",").split(",").size()', input)).toBe(5000n)
  })
})

describe('a comparison of long strings', () => {
  const strings = (length: number): Claims => ({
    x: list(1000, () => 0),
    a: `${'é'.repeat(length)}a`,
    b: `${'é'.repeat(length)}b`,
    same: `${'é'.repeat(length)}a`,
  })

  it.each([
    ['==', 'claims.x.all(n, claims.a == claims.same)', 9000],
    ['!=', 'claims.x.all(n, claims.a != claims.b)', 9000],
    ['<', 'claims.x.all(n, claims.a < claims.b)', 5000],
    ['<= of the same', 'claims.x.all(n, claims.a <= claims.same)', 5000],
    ['in a list', 'claims.x.all(n, !(claims.b in [claims.a, claims.same]))', 5000],
    ['startsWith', 'claims.x.all(n, claims.a.startsWith(claims.same))', 7000],
    ['endsWith', 'claims.x.all(n, claims.a.endsWith(claims.same))', 7000],
    ['of bytes', 'claims.x.all(n, bytes(claims.a) < bytes(claims.b))', 500],
  ])('counts its length: %s', (_, expression, length) => {
    expect(evaluated(expression, strings(length))).toBe(true)
    expect(() => evaluated(expression, strings(length * 4))).toThrow(COST)
  })
})

describe('what goes through a list', () => {
  const absent = list(2000, (index) => `x${index}`)
  const ofSize = (size: number): Claims => ({ x: absent.slice(0, size), y: list(size) })

  it.each([
    // An element of the list for each element that is asked for, whether or not the list has it.
    ['in', 'claims.x.all(a, !(a in claims.y))', 1050],
    ['in, where it is found at once', 'claims.y.all(a, claims.y[0] in claims.y)', 1050],
    ['indexOf', 'claims.x.all(a, claims.y.indexOf(a) < 0)', 390],
    ['indexOf, where it is found at once', 'claims.y.all(a, claims.y.indexOf(claims.y[0]) == 0)', 1100],
    ['lastIndexOf', 'claims.x.all(a, claims.y.lastIndexOf(a) < 0)', 390],
    ['sets.contains', 'sets.contains(claims.y, claims.y)', 860],
    ['sets.contains, where it is not', '!sets.contains(claims.y, claims.x)', 860],
    ['sets.intersects', '!sets.intersects(claims.x, claims.y)', 860],
    ['sets.equivalent', 'sets.equivalent(claims.y, claims.y)', 610],
    ['equality', 'claims.y.all(a, claims.y == claims.y + [])', 230],
  ])('costs by its length: %s', (_, expression, size) => {
    expect(evaluated(expression, ofSize(size))).toBe(true)
    expect(() => evaluated(expression, ofSize(Math.ceil(size * 1.5)))).toThrow(COST)
  })

  it('costs little where lists are short', () => {
    const claims = { groups: list(100, (index) => `group-${index}`) }
    expect(evaluated('claims.groups.exists(g, g in ["group-1", "group-99"])', claims)).toBe(true)
    expect(evaluated('sets.intersects(claims.groups, ["group-99"])', claims)).toBe(true)
  })
})
