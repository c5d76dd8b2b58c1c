import { describe, expect, it } from 'vitest'
import { compiledType, evaluated } from '../../test/cel.ts'
import { CelCompileError, CelEvaluationError, type CelValue } from '../kubernetes/index.ts'

const claims = { realm: { roles: ['r1', 'r2'] }, scores: { jane: 3, joe: 1 }, sub: 'x' }

describe('a comprehension with two variables', () => {
  it.each<[string, CelValue]>([
    ['[1, 2, 3].all(i, v, i < v)', true],
    ['{"hello": "world", "taco": "taco"}.all(k, v, k != v)', false],
    ['{"h": ["hello", "hi"], "j": ["joke"]}.all(k, vs, vs.all(v, v.startsWith(k)))', true],
    ['{"a": "hello", "b": "goodbye"}.exists(k, v, k.startsWith("c") || v.endsWith("bye"))', true],
    ['[1, 2, 4].exists(i, v, v == 1024 && i == 10)', false],
    ['[1, 2, 1].existsOne(i, v, i == 1 || v == 1)', false],
    ['{"i": 0, "j": 1}.exists_one(i, v, i == "l" || v == 1)', true],
    ['[1, 2, 3].transformList(i, v, i * v + v)', [1n, 4n, 9n]],
    ['[1, 2, 3].transformList(i, v, i % 2 == 0, i * v + v)', [1n, 9n]],
    ['{"a": "b"}.transformList(k, _, k)', ['a']],
    [
      '["a", "b"].transformMap(i, v, v + "!")',
      new Map([
        [0n, 'a!'],
        [1n, 'b!'],
      ]),
    ],
    ['{"a": 1, "b": 2}.transformMap(k, v, v > 1, v * 2)', new Map([['b', 4n]])],
    ['{"a": "b"}.transformMapEntry(k, v, {v: k})', new Map([['b', 'a']])],
    [
      '[1, 2].transformMapEntry(i, v, i == 0, {v: i, 9: 9})',
      new Map([
        [1n, 0n],
        [9n, 9n],
      ]),
    ],
    ['claims.realm.roles.transformList(i, r, string(i) + r)', ['0r1', '1r2']],
    ['claims.scores.all(name, score, name != "" && score > 0)', true],
    ['claims.scores.transformMap(name, score, int(score))["jane"]', 3n],
    ['[0, 1].exists(i, v, 1 / v == 1)', true],
    ['[].all(i, v, i > v)', true],
    ['{}.transformList(k, v, k)', []],
    ['[[1], [2]].transformList(i, l, l.transformList(j, v, i + j + v))', [[1n], [3n]]],
    ['[1].all(i, v, [2].all(i, w, i == 0 && w == 2 && v == 1))', true],
  ])('%s', (expression, expected) => {
    expect(evaluated(expression, claims)).toEqual(expected)
  })

  it.each([
    ['["a", "a"].transformMapEntry(i, v, {v: i})', 'insert failed: key already exists'],
    ['[1, 2].transformMapEntry(i, v, {dyn(1): v, dyn(1u): v})', 'insert failed: key already exists'],
    ['[1].transformMapEntry(i, v, dyn(v))', 'no such overload: cel.@mapInsert(map, int)'],
    ['[0, 1].all(i, v, 1 / v == 1)', 'division by zero'],
    ['[1].exists(i, v, dyn(v))', 'no such overload'],
    ['claims.sub.all(i, v, true)', 'unsupported comprehension range type: types.String'],
  ])('%s has no value', (expression, message) => {
    expect(() => evaluated(expression, claims)).toThrow(new CelEvaluationError(message))
  })

  it.each([
    ['[1].all(i, i, true)', 'duplicate variable name: i'],
    ['[1].all(1, v, true)', 'argument must be a simple name'],
    ['[1].all(i, v, v)', "expected type 'bool' but found 'int'"],
    ['["a"].all(i, v, i == v)', "found no matching overload for '_==_' applied to '(int, string)'"],
    ['[1].transformMapEntry(i, v, v)', 'found no matching overload'],
    [
      '[1].transformList(i, v, v, v)',
      "found no matching overload for '_?_:_' applied to '(int, list(int), list(int))'",
    ],
    ['"abc".transformList(i, v, v)', "expression of type 'string' cannot be range of a comprehension"],
    ['[1].map(i, v, w, v)', 'undeclared reference to'],
    ['[1].transformMap(i)', 'undeclared reference to'],
  ])('%s does not compile', (expression, message) => {
    expect(() => evaluated(expression, claims)).toThrow(CelCompileError)
    expect(() => evaluated(expression, claims)).toThrow(message)
  })

  it.each([
    ['[1].all(i, v, true)', 'bool'],
    ['["a"].transformList(i, v, i)', 'list(int)'],
    ['["a"].transformMap(i, v, v)', 'map(int, string)'],
    ['["a"].transformMapEntry(i, v, {v: i})', 'map(string, int)'],
  ])('%s is known to be %s', (expression, type) => {
    expect(compiledType(expression)).toBe(type)
  })
})

describe('a comprehension with one variable', () => {
  it.each<[string, CelValue]>([
    ['[].all(x, x > 0)', true],
    ['[].exists(x, x > 0)', false],
    ['[].map(x, x + 1)', []],
    ['[1, 2].exists_one(x, x > 1)', true],
    ['{"b": 1, "a": 2}.filter(k, k != "b")', ['a']],
    ['["bb", "a", "ccc"].sortBy(x, x.size())', ['a', 'bb', 'ccc']],
    ['[{"n": 2}, {"n": 1}].sortBy(x, x.n).map(x, x.n)', [1n, 2n]],
    ['claims.realm.roles.sortBy(r, r == "r2" ? 0 : 1)', ['r2', 'r1']],
    ['[].sortBy(x, x)', []],
  ])('%s', (expression, expected) => {
    expect(evaluated(expression, claims)).toEqual(expected)
  })

  it.each([
    ['[1, 2].sortBy(x, [x])', CelCompileError],
    ['{"a": 1}.sortBy(x, x)', CelCompileError],
    ['[dyn(1), dyn("a")].sortBy(x, x)', CelEvaluationError],
    ['[dyn([1])].sortBy(x, x)', CelEvaluationError],
  ])('%s is refused', (expression, error) => {
    expect(() => evaluated(expression, claims)).toThrow(error)
  })
})
