import { describe, expect, it } from 'vitest'
import { CelEvaluationError, celCompiler, type CelValue } from './index.ts'

const compiler = celCompiler()
const claims = { sub: '1', t: true, x: [], at: '2024-01-01T00:00:00+05:30' }
const evaluated = (text: string): CelValue => compiler.compile('claims', text).evaluate(claims)

/** Answers of kube-apiserver 1.36.2. */
describe('a value, as kube-apiserver has it,', () => {
  it.each<[string, CelValue]>([
    ['quantity("1") != claims.sub', true],
    ['string(timestamp(claims.at))', '2024-01-01T00:00:00+05:30'],
    ['timestamp(claims.at) == timestamp("2023-12-31T18:30:00Z")', true],
    ['"%e".format([12345.678])', '1.234568×10⁰⁴'],
    ['lists.range(-1)', []],
    ['[1.5].indexOf(dyn(true))', -1n],
    ['[[1]].lastIndexOf(dyn("a"))', -1n],
    ['type(claims) == map', false],
    ['double("0x1p4")', 16],
    ['double("1_0.0")', 10],
    ['[,]', []],
    ['-dyn(duration("1s")) == duration("-1s")', true],
    ['isURL("https://::1")', false],
    ['isURL("https://[::1]")', true],
    ['isURL("https://a:1:2")', false],
    ['dyn([dyn("a"), dyn(""), dyn(null), dyn(1)]).isSorted()', false],
    ['quantity("0").sub(-9223372036854775807 - 1).asInteger()', -9223372036854775808n],
    ['quantity("1k").sub(-9223372036854775807 - 1).asInteger()', -9223372036854774808n],
    // Where that would overflow too, the number is exact.
    ['quantity("-1").sub(-9223372036854775807 - 1).asApproximateFloat() == 9223372036854775808.0', true],
    ['quantity("1").sub(-9223372036854775807).isInteger()', false],
    ['{,}.size()', 0n],
    ['size(type(claims.?x) == optional_type ? "a" : "")', 1n],
    ['bR"\\x" == b"\\\\x"', true],
    // By code points, not UTF-16 units.
    ['["\uffee", "\u{1f600}", "a"].sort()', ['a', '\uffee', '\u{1f600}']],
    ['"\u{1f600}" > "\uffee" && "\u{1f600}a" > "\u{1f600}" && "ab" < "abc" && "b" > "abc"', true],
  ])('%s', (text, expected) => {
    expect(evaluated(text)).toEqual(expected)
  })

  it.each<[string, CelValue]>([
    // Claims as a whole are visited by value, without their names.
    ['claims.exists(v, v == "suspended")', true],
    ['claims.all(v, v != "suspended")', false],
    ['claims.all(k, k in ["state", "roles", "suspended", "none"])', false],
    ['claims.filter(v, v == "suspended" || v == "state")', ['suspended']],
    ['claims.map(v, type(v) == string, v)', ['suspended']],
    ['claims.exists(v, dyn(v) == null)', true],
    // With two variables the second is what the value names. It may not be read.
    ['claims.exists(k, v, k == "suspended")', true],
    ['claims.exists(k, v, v == ["state"])', true],
    ['"a" in claims', false],
    ['"state" in claims', true],
  ])('%s of claims as a whole', (text, expected) => {
    const whole = { state: 'suspended', roles: ['a'], suspended: ['state'], none: null }
    expect(compiler.compile('claims', text).evaluate(whole)).toEqual(expected)
  })

  it.each([
    ['claims.exists(k, v, v == "suspended")', 'no such key: suspended'],
    ['claims.transformList(i, x, x)', 'no such key: suspended'],
    ['claims.map(v, v + "")', 'no such overload'],
    // A name with an invalid escape is not found.
    ['claims.map(v, v)', 'no such key: a__x__b'],
  ])('%s of claims as a whole is an error', (text, message) => {
    const whole = text === 'claims.map(v, v)' ? { a__x__b: 1 } : { state: 'suspended', n: 1 }
    expect(() => compiler.compile('claims', text).evaluate(whole)).toThrow(message)
  })

  it.each([
    // A name between double underscores is an escape, here of nothing, so that it is not found.
    ['claims.exists(v, v == "x")', 'no such key: __proto__'],
    ['claims.exists(k, v, v == "x")', 'no such key: __proto__'],
  ])('%s is an error with names of Object.prototype', (text, message) => {
    const odd = JSON.parse('{"__proto__": "x", "a": "__proto__", "b": "constructor"}') as Record<
      string,
      unknown
    >
    expect(() => compiler.compile('claims', text).evaluate(odd)).toThrow(message)
    expect(compiler.compile('claims', 'claims.exists(v, v == "constructor")').evaluate(odd)).toBe(true)
    expect(() =>
      compiler.compile('claims', 'claims.exists(k, v, v == "x")').evaluate({ b: 'constructor' }),
    ).toThrow('no such key: constructor')
  })

  it('user.groups is no zero value, even if it is empty', () => {
    const user = { username: 'jane', uid: '', groups: [], extra: {} }
    const present = compiler.compile('user', 'optional.ofNonZeroValue(user.groups).hasValue()')
    expect(present.evaluate(user)).toBe(true)
  })

  it.each([
    'quantity("1") == claims.sub',
    '!(ip("::1") == claims.sub)',
    'url("https://a.example") == claims.sub',
    'semver("1.0.0") == claims.sub',
    'claims == claims.sub',
    'dyn([dyn("a"), dyn(null), dyn("b")]).isSorted()',
    'dyn([null]).isSorted()',
    'timestamp("2262-04-11T23:47:16.854775807Z") - duration("-9223372036854775808ns") == timestamp(0)',
    'timestamp(0).getHours("europe/berlin") == 1',
  ])('%s is an error', (text) => {
    expect(() => evaluated(text)).toThrow(CelEvaluationError)
  })

  it.each([
    '["a"].existsOne(x, true)',
    'quantity("1").sign() == 1',
    'claims.t ? claims.t ? 1 : 2 : 3',
    '0XFF',
    'size("a",)',
  ])('%s does not compile', (text) => {
    expect(() => compiler.compile('claims', text)).toThrow('compilation failed')
  })
})

describe.each(['1.35', '1.36', '1.37'] as const)('of Kubernetes %s', (kubernetesVersion) => {
  const { compile } = celCompiler({ kubernetesVersion })
  const valueOf = (text: string): CelValue =>
    compile('claims', text).evaluate({ list: ['a', 1, null], 'a-b': 'c', sub: 'x' })

  it.each([
    'isURL("https://::1")',
    'url("https://::1:1").getPort() == "1"',
    '!format.uri().validate("https://::1").hasValue()',
  ])('a host without brackets has one colon since 1.36: %s', (text) => {
    const isTrue = (): boolean => valueOf(text) === true
    if (text.startsWith('url') && kubernetesVersion !== '1.35') expect(isTrue).toThrow('URL parse error')
    else expect(isTrue()).toBe(kubernetesVersion === '1.35')
  })

  it.each<[string, boolean]>([
    ['claims.list.includes("a")', true],
    ['claims.list.includes(1)', true],
    ['claims.list.includes(1u)', true],
    ['claims.list.includes(null)', true],
    ['claims.list.includes("b")', false],
    ['[].includes("b")', false],
    ['claims.list.includes(claims.list)', false],
    ['claims.sub.includes("x")', true],
    ['claims.sub.includes("")', false],
    ['"abc".includes("b")', false],
    ['dyn(1).includes("1")', false],
    ['{"a": 1}.includes("a")', false],
    ['{"a": 1}.includes({"a": 1.0})', true],
  ])('%s is %j since 1.37', (text, expected) => {
    if (kubernetesVersion === '1.37') expect(valueOf(text)).toBe(expected)
    else expect(() => valueOf(text)).toThrow("undeclared reference to 'includes'")
  })

  it.each<[string, CelValue | RegExp, CelValue | RegExp]>([
    ['"".indexOf("", 5)', 5n, 0n],
    ['"ab".lastIndexOf("", 5)', 5n, 2n],
    ['"ab".indexOf("", 1)', 1n, 1n],
    ['"ab".indexOf("", -1)', -1n, /index out of range: -1/],
    ['timestamp("2024-01-01T00:00:00Z").getHours("+00:75")', 1n, /minutes out of range/],
    ['timestamp("2024-01-01T00:00:00Z").getHours("+01:59")', 1n, 1n],
    ['dyn(1).orValue(2)', 1n, /no such overload/],
    ['dyn(1).or(optional.of(2))', 1n, /no such overload/],
    ['optional.none().orValue(2)', 2n, 2n],
    ['dyn(optional.of(1)).orValue(2)', 1n, 1n],
    ['duration(1)', /invalid duration argument/, /no matching overload for 'duration' applied to '\(int\)'/],
    ['[1].map(g, .g)', /undeclared reference to '.g'/, /undeclared reference to '.g'/],
    ['[1].exists(claims, dyn(.claims) == 1)', /no such overload/, /no such overload/],
    ['[3].flatten(-8) == [] || true', true, true],
    ['[[1], [2]].flatten(9223372036854775807) == [] || true', /cost limit exceeded/, /cost limit exceeded/],
    ['"".split("e").flatten(-92) == [] || true', /cost limit exceeded/, /cost limit exceeded/],
    ['["", ""].flatten(-9223372036854775808) == [] || true', /cost limit exceeded/, /cost limit exceeded/],
    ['[].flatten(-8) == [] || true', true, true],
  ])('%s is as in its cel-go', (text, before, since) => {
    const expected = kubernetesVersion === '1.37' ? since : before
    if (expected instanceof RegExp) expect(() => valueOf(text)).toThrow(expected)
    else expect(valueOf(text)).toEqual(expected)
  })

  it('names of fields may be in backticks since 1.37', () => {
    if (kubernetesVersion === '1.37') expect(valueOf('claims.`a-b`')).toBe('c')
    else expect(() => valueOf('claims.`a-b`')).toThrow("unsupported syntax: '`'")
  })
})

it('another release is refused', () => {
  const options: object = { kubernetesVersion: '1.34' }
  expect(() => celCompiler(options)).toThrow(
    new TypeError('kubernetesVersion must be one of 1.35, 1.36, 1.37'),
  )
})
