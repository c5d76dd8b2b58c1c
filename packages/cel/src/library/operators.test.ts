import { describe, expect, it } from 'vitest'
import { evaluated } from '../../test/cel.ts'
import { CelCompileError, CelEvaluationError, type CelValue } from '../kubernetes/index.ts'

const claims = { n: 3, sub: 'x', big: 2 ** 53, list: ['a', 'b'], map: { a: 1 }, key: 'a\nb' }

describe('an operator', () => {
  it.each<[string, CelValue]>([
    ['7 / 2', 3n],
    ['-7 / 2', -3n],
    ['-7 % 3', -1n],
    ['7u % 3u', 1n],
    ['5.5 / 2.0', 2.75],
    ['1.0 / 0.0', Infinity],
    ['-9223372036854775808', -(2n ** 63n)],
    ['18446744073709551615u', 2n ** 64n - 1n],
    ['1 < 1.5 && 1u < 2 && 2.5 > 1u', true],
    ['claims.n == 3 && claims.n < 4u && dyn(3u) == claims.n', true],
    // A whole number is compared with a double as the double that is nearest.
    ['dyn(9007199254740993) == 9007199254740992.0', true],
    ['9007199254740993 > 9007199254740992.0', false],
    ['claims.big == 9007199254740993', true],
    ['double("nan") == double("nan")', false],
    ['"\\U0001F600" > "\\uffff"', true],
    ['b"a" < b"b" && b"a" < b"aa"', true],
    ['false < true', true],
    // An element of an empty list is taken for a bool.
    ['[].all(x, x < x && x)', true],
    ['{}.exists(k, k <= k || k)', false],
    ['[].map(x, x > x ? x : true) == []', true],
    ['[1] == [dyn(1.0)]', true],
    ['{1u: "a"} == {1u: "a"} && dyn({1u: 2}) == {1: 2}', true],
    ['1u in {1u: 2} && dyn(1) in {1u: 2} && dyn(1.0) in {1: 2}', true],
    ['{1u: "a"}[1u] + {1: "b"}[dyn(1u)] + {1: "c"}[dyn(1.0)]', 'abc'],
    ['{1u: 1, 1u: 2}.size()', 1n],
    ['claims.list[0u] + claims.list[1.0]', 'ab'],
    ['optional.none() == null', false],
  ])('%s', (expression, expected) => {
    expect(evaluated(expression, claims)).toEqual(expected)
  })

  it.each([
    ['-9223372036854775808 / -1', 'integer overflow'],
    ['-9223372036854775808 % -1', 'integer overflow'],
    ['-(-9223372036854775808)', 'integer overflow'],
    ['9223372036854775807 * 2', 'integer overflow'],
    ['18446744073709551615u + 1u', 'unsigned integer overflow'],
    ['1 % 0', 'modulus by zero'],
    ['double("nan") < 1.0', 'NaN values cannot be ordered'],
    ['claims.n + 1', 'no such overload'],

    ['claims.list[0.5]', 'unsupported index value 0.5 in list'],
    ['claims.list[?claims.sub].hasValue()', "unsupported index type 'string' in list"],
    ['claims.map[claims.n]', 'no such key: 3'],
    ['claims.map[claims.key]', 'no such key: a\uFFFDb'],
    ['claims.map[claims.list]', 'invalid qualifier type'],
    ['claims.nope == 1 || claims.map.nope == 1', 'no such key: nope'],
  ])('%s has no value', (expression, message) => {
    expect(() => evaluated(expression, claims)).toThrow(new CelEvaluationError(message))
  })

  it.each([
    ['9223372036854775808', 'invalid int literal'],
    ['-9223372036854775809', 'invalid int literal'],
    ['0xFFFFFFFFFFFFFFFF', 'invalid int literal'],
    ['18446744073709551616u', '1:1: invalid uint literal'],
    ['-1u', "found no matching overload for '-_' applied to '(uint)'"],
    ['5.0 % 2.0', "found no matching overload for '_%_' applied to '(double, double)'"],
    ['1 + 2u', "found no matching overload for '_+_' applied to '(int, uint)'"],
    ['1 in ["a"]', "found no matching overload for '@in' applied to '(int, list(string))'"],
    ['claims[1]', "found no matching overload for '_[_]' applied to '(map(string, any), int)'"],
    ['{1: "a"}[1u]', "found no matching overload for '_[_]' applied to '(map(int, string), uint)'"],
    ['[1]["a"]', "found no matching overload for '_[_]' applied to '(list(int), string)'"],
    ['"abc"[0]', "found no matching overload for '_[_]' applied to '(string, int)'"],
    ['"abc".x', "type 'string' does not support field selection"],
    ['claims.sub.startsWith(1)', "found no matching overload for 'startsWith' applied to 'any.(int)'"],
    ['claims.sub.split(1)', "found no matching overload for 'split' applied to 'any.(int)'"],
    ['sets.contains([1], [1.0])', "'sets.contains' applied to '(list(int), list(double))'"],
    ['!1', "found no matching overload for '!_' applied to '(int)'"],
    ['true ? 1 : "a"', "found no matching overload for '_?_:_' applied to '(bool, int, string)'"],
    ['1 ? 2 : 3', "found no matching overload for '_?_:_' applied to '(int, int, int)'"],
    ['true && "x"', "expected type 'bool' but found 'string'"],
    ['["a", []]', "expected type 'string' but found 'list(dyn)'"],
    ['[[], dyn("a")]', "expected type 'list(dyn)' but found 'dyn'"],
    ['[claims.sub, claims.map.a]', "expected type 'any' but found 'dyn'"],
    ['{"x": claims.map.a, "y": claims.sub}', "expected type 'dyn' but found 'any'"],
    ['optional', "undeclared reference to 'optional'"],
  ])('%s does not compile', (expression, message) => {
    expect(() => evaluated(expression, claims)).toThrow(CelCompileError)
    expect(() => evaluated(expression, claims)).toThrow(message)
  })
})
