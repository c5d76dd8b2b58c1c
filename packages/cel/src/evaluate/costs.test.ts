import { describe, expect, it } from 'vitest'
import { environment } from '../index.ts'

const variables = { s: 'string', l: 'list(string)', m: 'map(string, dyn)', b: 'bool', n: 'int' }
const bindings = { s: 'a'.repeat(25), l: ['x', 'yy'], m: { a: { b: [1] } }, b: true, n: 7 }

/** Worked out by hand from cel-go `interpreter/runtimecost.go`. */
describe('the cost', () => {
  it.each([
    // Constants are free, and so are literals of constants and their conversions.
    ['1', 0],
    ['[1, 2]', 0],
    ['{"a": 1}', 0],
    ['int("1")', 0],
    // Names and selections cost 1 each.
    ['s', 1],
    ['m.a', 2],
    ['m.a.b[0]', 4],
    ['m["a"]', 2],
    ['m[s] || true', 2],
    // A condition is free, but not as a key.
    ['m[b ? "a" : s].b', 4],
    ['{"x": 1}[b ? "x" : "y"]', 3],
    ['{"x": 1}[b ? "y" : "x"] == 1 || true', 4],
    ['has((b ? m.z : m).a) || true', 1],
    // A test is free besides its selections.
    ['has(m.a)', 1],
    ['has(m.a.b)', 2],
    // An absent optional selection is free.
    ['m.?a', 2],
    ['m.?z', 1],
    ['m.?z.b.orValue(1)', 1],
    // Literals with other values.
    ['[n]', 11],
    ['{"a": n}', 31],
    // Logic is free, and so are branches that are not taken.
    ['b || s == ""', 1],
    ['b && b', 2],
    ['b ? n : 1', 1],
    ['b ? m.a : 1', 2],
    ['!b', 2],
    // Calls.
    ['n + 1', 2],
    ['s + s', 7],
    ['s == s', 5],
    ['s < "b"', 2],
    ['s.startsWith("a")', 4],
    ['s.contains("aaaaaaaaaaaa")', 7],
    ['s.size()', 2],
    ['s.matches("a+b+c+")', 7],
    ['"x" in l', 3],
    ['n in [1, 2]', 1],
    ['"a" in m', 2],
    ['s.upperAscii()', 4],
    ['s.split("a")', 6],
    ['l.join("-")', 2],
    ['sets.contains(l, l)', 7],
    ['lists.range(3)', 14],
    ['l.distinct()', 20],
    // Comprehensions, by the steps of their expansion.
    ['l.all(x, true)', 8],
    ['l.exists(x, x == "yy")', 14],
    ['l.exists(x, x == "x")', 14 - 6 + 3],
    ['l.exists_one(x, x == "x")', 1 + 2 * 2 + 2 + 2],
    ['l.map(x, x)', 1 + 2 * 13 + 1],
    ['l.map(x, 1)', 1 + 2 * 2 + 1],
    ['l.filter(x, x == "x")', 1 + 2 * 2 + 13 + 1],
    ['l.transformMap(i, v, v)', 1 + 2 * 4 + 1],
    ['[].all(x, b)', 1],
    // The receiver of optMap counts twice if its value is used.
    ['m.?a.optMap(v, 1)', 2 + 1 + 1],
    ['m.?a.optMap(v, v)', 2 + 1 + 2 + 1 + 1 + 1],
    ['m.?z.optMap(v, v)', 1 + 1 + 1],
    ['cel.bind(v, s + s, v == v)', 7 + 2 + 5],
  ])('of %s is %i', (text, cost) => {
    const { program, issues } = environment({ variables }).compile(text)
    expect(issues).toEqual([])
    expect(program?.evaluate(bindings)).toMatchObject({ cost })
  })

  // As observed with cel-go 0.26.
  it.each([
    ['s + s == m.z', 10],
    ['m.z == s + s', 10],
    ['[m.z, s]', 12],
    ['{"a": m.z}', 32],
    ['-m.z', 3],
    ['1 / 0', 1],
    ['m.z.matches("a")', 2],
    ['m.z.matches(s)', 10],
    ['"abc".substring(m.z, 2)', 2],
    ['"abc".substring(1, m.z)', 3],
    ['m[m.z]', 3],
  ])('counts what is done until an error, and the calls that it ends: %s', (expression, cost) => {
    const { program } = environment({ variables }).compile(expression)
    expect(program?.evaluate(bindings)).toEqual({ error: expect.any(String), cost })
  })

  it('counts the items after an error, which does not end a comprehension', () => {
    const { program } = environment().compile('[1, 2, 3].map(x, x / 0) == [] || true')
    expect(program?.evaluate({})).toEqual({ value: true, cost: 43 })
  })

  it('doubles with each optMap, without doing the work again', () => {
    const { program } = environment({ variables }).compile(`optional.of(s)${'.optMap(v, v)'.repeat(30)}`)
    expect(program?.evaluate(bindings)).toMatchObject({
      error: 'operation cancelled: actual cost limit exceeded',
    })
  })
})
