import { describe, expect, it } from 'vitest'
import { compiledType, evaluated } from '../../test/cel.ts'
import { CelCompileError, CelEvaluationError, type CelValue } from '../kubernetes/index.ts'

const claims = { groups: ['b', 'a', 'b'], levels: [1.5, 2], sub: 'abcb', empty: [], mixed: [1, 'a'] }

describe('a list', () => {
  it.each<[string, CelValue]>([
    ['[1, 2, 2].isSorted()', true],
    ['["b", "a"].isSorted()', false],
    ['claims.groups.isSorted()', false],
    ['[].isSorted()', true],
    ['lists.range(-1)', []],
    ['[1, 3].sum()', 4n],
    ['[1u, 3u].sum() == 4u', true],
    ['[1.5, 3.0].sum()', 4.5],
    ['[duration("1m"), duration("1s")].sum() == duration("61s")', true],
    ['[].sum()', 0n],
    ['claims.levels.sum()', 3.5],
    ['claims.levels.sum() + 1.0', 4.5],
    ['claims.empty.sum() == 0', true],
    ['[3, 1, 2].min() + [3, 1, 2].max()', 4n],
    ['claims.groups.min() + claims.groups.max()', 'ab'],
    ['[timestamp(5), timestamp(1)].min() == timestamp(1)', true],
    ['[dyn(1), dyn(2.5)].max()', 2.5],
    ['claims.groups.indexOf("b")', 0n],
    ['claims.groups.lastIndexOf("b")', 2n],
    ['[1].indexOf(2)', -1n],
    ['[[1], [2]].indexOf([2])', 1n],
    ['claims.sub.indexOf("b")', 1n],
    ['claims.sub.lastIndexOf("b")', 3n],
    ['[1, 2, 3, 4].slice(1, 3)', [2n, 3n]],
    ['claims.groups.slice(0, 0)', []],
    ['[[1, 2], [], [3]].flatten()', [1n, 2n, 3n]],
    ['[dyn(1), dyn([dyn(2), dyn([dyn(3), dyn([4])])])].flatten(2)', [1n, 2n, 3n, [4n]]],
    ['[dyn([1])].flatten(0)', [[1n]]],
    ['[3, 1, 2].sort()', [1n, 2n, 3n]],
    ['claims.groups.sort()', ['a', 'b', 'b']],
    ['claims.groups.reverse()', ['b', 'a', 'b']],
    ['claims.groups.reverse()[1] == "a"', true],
    ['claims.groups.distinct()', ['b', 'a']],
    ['[dyn(1), dyn(1.0), dyn("1"), dyn([1]), dyn([1u])].distinct()', [1n, '1', [1n]]],
    ['lists.range(3)', [0n, 1n, 2n]],
    ['lists.range(0)', []],
    ['[1, 2].first().value() + [1, 2].last().value()', 3n],
    ['claims.empty.first().hasValue()', false],
    ['[optional.of(1), optional.none()].unwrapOpt()', [1n]],
    ['optional.unwrap([claims.?sub, claims.?nope])', ['abcb']],
  ])('%s', (expression, expected) => {
    expect(evaluated(expression, claims)).toEqual(expected)
  })

  it.each([
    ['claims.mixed.sum()', 'no such overload'],
    ['claims.mixed.sort()', 'list elements must have the same type'],
    ['[1, 2].slice(1, 3)', 'cannot slice(1, 3), list is length 2'],
    ['[1, 2].slice(2, 1)', 'cannot slice(2, 1), start index must be less than or equal to end index'],
    ['[1, 2].slice(-1, 1)', 'cannot slice(-1, 1), negative indexes not supported'],
    ['[1].flatten(-1)', 'level must be non-negative'],
    ['[].min()', 'min called on empty list'],
    ['claims.empty.max()', 'max called on empty list'],
    ['[9223372036854775807, 1].sum()', 'integer overflow'],
    ['claims.sub.sum()', 'no such overload: sum(string)'],
    ['claims.groups.unwrapOpt()', 'no such overload: unwrapOpt(list)'],
  ])('%s has no value', (expression, message) => {
    expect(() => evaluated(expression, claims)).toThrow(new CelEvaluationError(message))
  })

  it.each([
    '["a"].sum()',
    '[[1]].min()',
    '[[1]].sort()',
    '[1].indexOf("a")',
    '[1].slice("a", 1)',
    '[1].flatten()',
    '"abc".reverse()',
    '"abc".slice(0, 1)',
    'lists.range("3")',
    '[1].unwrapOpt()',
    '[1].sum() + 1.0',
  ])('%s does not compile', (expression) => {
    expect(() => evaluated(expression, claims)).toThrow(CelCompileError)
  })

  it.each([
    ['[1.5].sum()', 'double'],
    ['["a"].max()', 'string'],
    ['["a"].reverse()', 'list(string)'],
    ['[["a"]].flatten()', 'list(string)'],
    ['[1].first()', 'optional_type(int)'],
    ['claims.x.sum()', 'dyn'],
    ['claims.x.map(y, y).sum()', 'dyn'],
    ['claims.x.isSorted()', 'bool'],
  ])('%s is known to be %s', (expression, type) => {
    expect(compiledType(expression)).toBe(type)
  })
})
