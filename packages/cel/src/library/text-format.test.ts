import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { evaluated } from '../../test/cel.ts'
import { CelCompileError, CelEvaluationError } from '../kubernetes/index.ts'
import { fixedPoint, scientific } from './number-text.ts'

const claims = {
  sub: 'x',
  level: 3,
  groups: ['a', 'b'],
  nested: { map: { k: [1, 'a"b', null, true] } },
  format: '%s',
}

describe('format', () => {
  it.each([
    ['"%s has %d".format(["x", 2])', 'x has 2'],
    ['"%% %s".format([claims.nested.map])', '% {"k":[1.000000, "a\\"b", null, true]}'],
    ['"%s %s".format(claims.groups)', 'a b'],
    ['claims.format.format([claims.sub])', 'x'],
    ['("%" + "s").format(["a"])', 'a'],
    ['"%s".format([[1, "a", 2u, b"c", null]])', '[1, "a", 2, b"c", null]'],
    ['"%s".format([{"b": 1, "a": "x"}])', '{"a":"x", "b":1}'],
    ['"%s".format([{10: true, 9: false}])', '{10:true, 9:false}'],
    ['"%s %s %s".format([1.5, true, null])', '1.5 true null'],
    ['"%s %s".format([timestamp(0), duration("1h1s")])', '1970-01-01T00:00:00Z 3601s'],
    [
      '"%s".format([[timestamp(0), timestamp(1)]])',
      '[timestamp("1970-01-01T00:00:00Z"), timestamp("1970-01-01T00:00:01Z")]',
    ],
    ['"%s".format([[duration("1s")]])', '[duration("1s")]'],
    ['"%s %s".format([int, type(null)])', 'int null_type'],
    ['"%s".format([[1.0 / 0.0]])', '["+Inf"]'],
    ['"%d %d".format([-5, 5u])', '-5 5'],
    ['"%f".format([1234567.891])', '1,234,567.891000'],
    ['"%.0f %.0f".format([2.5, 3.5])', '2 4'],
    ['"%.3f".format([1.2345])', '1.234'],
    ['"%f %f".format(["NaN", 1.0 / 0.0])', 'NaN ∞'],
    ['"%e".format([1052.032911275])', '1.052033×10⁰³'],
    ['"%e".format([-1e-100])', '-1.000000×10⁻¹⁰⁰'],
    ['"%e".format([1.0 / 0.0])', '     ∞'],
    ['"%b %b %b".format([5, -5, true])', '101 -101 1'],
    ['"%x %X %x".format([26, -255, "hé"])', '1a -FF 68c3a9'],
    ['"%x".format([b"hi"])', '6869'],
    ['"%o %o".format([8, 8u])', '10 10'],
    ['"%x %X %b".format([26u, 255u, 5u])', '1a FF 101'],
    ['"%X".format([b"hi"])', '6869'],
    ['"%s %s %s".format([b"hi", 1u, string])', 'hi 1 string'],
    ['"abc".format([])', 'abc'],
    ['strings.quote("a\\"b\\n\\u0007é\\\\")', '"a\\"b\\n\\aé\\\\"'],
  ])('%s', (expression, expected) => {
    expect(evaluated(expression, claims)).toBe(expected)
  })

  it.each([
    [
      '"%d".format([claims.groups[0]])',
      'error during formatting: decimal clause can only be used on integers, was given string',
    ],
    ['"%s %s".format(["a"] + claims.groups.slice(0, 0))', 'index 1 out of range'],
    ['(claims.sub + "%").format(claims.groups)', 'unexpected end of string'],
    [
      '(claims.sub + "%q").format(claims.groups)',
      'could not parse formatting clause: unrecognized formatting clause "q"',
    ],
    [
      '"%f".format(["x"])',
      'error during formatting: fixed-point clause can only be used on doubles, was given string',
    ],
    [
      '"%s".format([dyn(url("/a"))])',
      'error during formatting: string clause can only be used on strings, bools, bytes, ints, doubles, maps, lists, types, durations, and timestamps, was given kubernetes.URL',
    ],
    ['"%s".format([{1.5: 1}])', 'error during formatting: no formatting function for map key of type double'],
  ])('%s has no value', (expression, message) => {
    expect(() => evaluated(expression, claims)).toThrow(new CelEvaluationError(message))
  })

  it.each([
    [
      '"%d".format(["a"])',
      '1:14: error during formatting: decimal clause can only be used on integers, was given string',
    ],
    // As there: of what is directly under `claims` no type is known, and `string(claims.sub)` has one.
    ['"%s".format([claims.sub])', 'was given google.protobuf.Any'],
    ['"%s".format([claims.?sub.orValue("")])', 'was given google.protobuf.Any'],
    ['"%d".format([1.5])', 'was given double'],
    ['"%f".format([1])', 'was given int'],
    ['"%b".format(["a"])', 'was given string'],
    ['"%x".format([1.5])', 'was given double'],
    ['"%o".format([true])', 'was given bool'],
    ['"%s".format([url("/a")])', 'was given kubernetes.URL'],
    ['"%s".format([["a", optional.of(1)]])', 'was given optional_type'],
    ['"%s %s".format(["a"])', 'index 1 out of range'],
    ['"%s".format(["a", "b"])', 'too many arguments supplied to string.format (expected 1, got 2)'],
    ['"%".format([1])', 'unexpected end of string'],
    ['"%q".format([1])', 'unrecognized formatting clause "q"'],
    ['"%.".format([1])', 'could not find end of precision specifier'],
    ['"%.f".format([1.0])', 'error while converting precision to integer'],
    ['"%.101f".format([1.0])', 'error while converting precision to integer'],
    ['"%s".format("a")', "found no matching overload for 'format' applied to 'string.(string)'"],
    ['strings.quote(1)', "found no matching overload for 'strings.quote' applied to '(int)'"],
    ['"a".quote()', "undeclared reference to 'quote'"],
    ['strings', "undeclared reference to 'strings'"],
  ])('%s does not compile', (expression, message) => {
    expect(() => evaluated(expression, claims)).toThrow(CelCompileError)
    expect(() => evaluated(expression, claims)).toThrow(message)
  })
})

describe('a double in digits', () => {
  it.each([
    [0.5, 0, '0'],
    [1.5, 0, '2'],
    [-0.125, 2, '-0.12'],
    [1e21, 1, '1000000000000000000000.0'],
    [5e-324, 3, '0.000'],
    [Number.MAX_SAFE_INTEGER, 0, '9007199254740991'],
  ])('%d with %d digits is %s', (value, digits, text) => {
    expect(fixedPoint(value, digits)).toBe(text)
  })

  it('is what JavaScript makes of it, but where it is in the middle', () => {
    fc.assert(
      fc.property(fc.double({ min: -1e15, max: 1e15, noNaN: true }), (value) => {
        const expected = value.toFixed(3)
        // Between two numbers of three digits a double is in the middle only at an odd number of sixteenths.
        if (Math.abs((value * 16) % 2) === 1) return
        expect(fixedPoint(value, 3)).toBe(Object.is(value, -0) ? '-0.000' : expected)
        const { mantissa, exponent } = scientific(value, 20)
        expect(Number(`${mantissa}e${exponent}`)).toBe(value)
      }),
    )
  })
})
