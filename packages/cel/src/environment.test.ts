import { describe, expect, expectTypeOf, it } from 'vitest'
import { Duration, environment, fn, MapValue, method, Optional, Timestamp, TypeValue, Uint } from './index.ts'

function outcome(text: string, bindings: Record<string, unknown> = {}): unknown {
  const variables = Object.fromEntries(Object.keys(bindings).map((name) => [name, 'dyn']))
  const { program, issues } = environment({ variables }).compile(text)
  if (program === undefined) return issues.map(({ line, column, message }) => `${line}:${column} ${message}`)
  const { value, error } = program.evaluate(bindings)
  return error ?? value
}

describe('an environment', () => {
  it('evaluates with typed bindings', () => {
    const { program } = environment({
      variables: {
        user: 'string',
        groups: 'list(string)',
        limits: 'map(string, list(int))',
        at: 'timestamp',
      },
    }).compile('user in groups && limits.x[0] == 3 && at < timestamp("2030-01-01T00:00:00Z")')
    if (program === undefined) throw new Error('it compiles')
    expectTypeOf(program.evaluate).parameter(0).toEqualTypeOf<{
      readonly user?: string
      readonly groups?: readonly string[]
      readonly limits?:
        | ReadonlyMap<string, readonly (bigint | number)[]>
        | { readonly [name: string]: readonly (bigint | number)[] }
      readonly at?: Date | Timestamp
    }>()
    const bindings = { user: 'a', groups: ['a'], limits: { x: [3] }, at: new Date(0) }
    expect(program.evaluate(bindings)).toEqual({ value: true, cost: 9 })
    expect(program.type).toBe('bool')
  })

  it('tells all mistakes with their places', () => {
    expect(environment().compile('1 +\n  "a" + b').issues).toEqual([
      { line: 1, column: 3, message: "found no matching overload for '_+_' applied to '(int, string)'" },
      { line: 2, column: 9, message: "undeclared reference to 'b' (in container '')" },
    ])
  })

  it.each<[string, unknown]>([
    ['1 + 2', 3n],
    ['1u', new Uint(1n)],
    ['duration("1s")', new Duration(1_000_000_000n)],
    ['timestamp(1)', new Timestamp(1_000_000_000n)],
    ['optional.of(1)', new Optional(1n)],
    ['type(1)', new TypeValue('int')],
    ['[1, "a", null]', [1n, 'a', null]],
    ['cel.bind(x, 2, x * x)', 4n],
    ['cel.block([1 + 1], cel.index(0) * 2)', 4n],
    ['math.greatest(1, 2.5, 2u)', 2.5],
    ['base64.encode(b"ab")', 'YWI='],
    ['"abc".reverse()', 'cba'],
    ['[1, 2].existsOne(x, x > 1)', true],
    ['ip("10.0.0.1") == ip("10.0.0.1")', true],
    ['"%d %s %.1f %e".format([1, [1.5, "a"], 1000.25, 1.0])', '1 [1.5, a] 1000.2 1.000000e+00'],
    ['{"a": 1, "a": 2}', ['1:1 Failed with repeated key']],
    ['{dyn(1): type(1), dyn(1u): 2}.size()', ['1:1 Failed with repeated key']],
    ['[1].map(i, {i: 1, 1: 2})', 'Failed with repeated key'],
    ['[1.5].map(i, {i: 1})', 'unsupported key type'],
    ['dyn(1).a == 1', 'no such key: a'],
    ['has(dyn(1).a)', 'no such key: a'],
    ['1 / 0', 'division by zero'],
    [
      'x + y',
      [
        "1:1 undeclared reference to 'x' (in container '')",
        "1:5 undeclared reference to 'y' (in container '')",
      ],
    ],
    ['f()', ["1:2 undeclared reference to 'f' (in container '')"]],
    [
      'google.protobuf.Duration{seconds: 1}',
      ["1:25 a message such as 'google.protobuf.Duration' cannot be constructed"],
    ],
    ['"a".matches("(")', ['1:13 invalid matches argument']],
    ['duration("x")', ['1:10 invalid duration argument']],
    ['int("x")', ["1:4 type conversion error from 'string' to 'int'"]],
  ])('%s', (text, expected) => {
    expect(outcome(text)).toEqual(expected)
  })

  it.each<[string, unknown]>([
    // A value of its own in each turn, and none before it is used.
    ['[1, 2].map(x, cel.bind(y, x * 10, y + y))', [20n, 40n]],
    ['[1, 2].map(x, cel.bind(y, [x].map(z, z + 1), y))', [[2n], [3n]]],
    ['cel.bind(x, 1 / 0, true)', true],
    ['cel.bind(x, 1 / 0, x == 1 || true)', true],
    ['cel.bind(x, 1 / 0, [x].size())', 'division by zero'],
    ['cel.bind(x, 1 / 0, [x, x].size())', 'division by zero'],
    ['[0, 1].map(i, cel.bind(x, 1 / i, [x].size()))', 'division by zero'],
    ['cel.bind(x, "a", x + 1)', ["1:20 found no matching overload for '_+_' applied to '(string, int)'"]],
  ])('binds a name in %s', (text, expected) => {
    expect(outcome(text)).toEqual(expected)
  })

  it.each<[string, unknown]>([
    ['[1].map(x, x + 1)', [2n]],
    ['[1].map(x, [2].map(x, x + 1))', [[3n]]],
    ['cel.bind(x, 3, x)', 3n],
    ['[1].map(int, int + 1)', [2n]],
    ['[x][0]', 'global'],
  ])('finds the nearest variable of a name in %s', (text, expected) => {
    expect(outcome(text, { x: 'global' })).toEqual(expected)
  })

  it.each([
    '[1] == [1, 2]',
    '[1, 2] == [1]',
    '[[]] == [[1]]',
    '{1: 2} == {1: 2, 3: 4}',
    '{1: 2, 3: 4} == {1: 2}',
    'b"a" == b"ab"',
    'b"ab" == b"a"',
    'optional.of(1) == optional.none()',
  ])('%s is false', (text) => {
    expect(outcome(text)).toBe(false)
  })

  it.each([
    ['[1, 2].map(x, "a")', 'list(string)'],
    ['[1, 2].filter(x, x > 1)', 'list(int)'],
    ['[1, 2].all(x, x > 1)', 'bool'],
    ['[1, 2].exists_one(x, x > 1)', 'bool'],
    ['cel.bind(x, 1u, x)', 'uint'],
  ])('knows the type of %s', (text, type) => {
    expect(environment().compile(text).program?.type).toBe(type)
  })

  it('gives maps that find keys of any type of number', () => {
    const map = outcome('{1: "a", "b": [2]}')
    if (!(map instanceof MapValue)) throw new TypeError('it is a map')
    expect([map.size, map.find(1), map.find('b'), map.find('c')]).toEqual([2, 'a', [2n], undefined])
    expect([...map.entries()]).toEqual([
      [1n, 'a'],
      ['b', [2n]],
    ])
  })

  it.each<[string, unknown, unknown]>([
    ['x', 1, 1],
    ['x', 2n, 2n],
    ['x.a[0]', { a: [true] }, true],
    ['x["__proto__"]', JSON.parse('{"__proto__": "y"}'), 'y'],
    ['x.toString', {}, 'no such key: toString'],
    ['x[1]', new Map([[1n, 'a']]), 'a'],
    ['x == timestamp(1)', new Date(1000), true],
    ['x', new Uint(3n), new Uint(3n)],
    ['x == null', null, true],
  ])('evaluates %s of a binding', (text, x, expected) => {
    expect(outcome(text, { x })).toEqual(expected)
  })

  it.each<[string, unknown, string]>([
    ['string', 1, 'x must be of the type string'],
    ['int', 1.5, 'x must be of the type int'],
    ['int', 2n ** 63n, 'x must be of the type int'],
    ['uint', -1, 'x must be of the type uint'],
    ['list(string)', ['a', 1], 'x[1] must be of the type string'],
    ['map(string, int)', { a: 'b' }, 'x[a] must be of the type int'],
    ['dyn', () => 1, 'x must be of the type dyn'],
    ['dyn', Symbol('x'), 'x must be of the type dyn'],
    ['timestamp', new Date(Number.NaN), 'x must be of the type timestamp'],
    ['timestamp', new Date(8.64e15), 'x must be of the type timestamp'],
  ])('refuses a value that is not of the type %s', (type, x, message) => {
    const { program } = environment({ variables: { x: type } }).compile('x == x')
    expect(() => program?.evaluate({ x })).toThrow(message)
  })

  it('refuses a value that contains itself', () => {
    const x: unknown[] = []
    x.push(x)
    expect(() => outcome('x', { x })).toThrow('nested too deeply')
  })

  it('fails for a variable without a value, if it is used', () => {
    const { program } = environment({ variables: { x: 'bool', y: 'bool' } }).compile('x || y')
    expect(program?.evaluate({ x: true })).toMatchObject({ value: true })
    expect(program?.evaluate({ x: false })).toMatchObject({ error: 'no such attribute(s): y' })
  })

  it('has functions of your own', () => {
    const { program } = environment({
      variables: { x: 'string' },
      functions: [
        fn(
          'my.pair(A, B): map(string, dyn)',
          (a, b) => ({ a, b }),
          () => 5,
        ),
        method(
          'string.shout(int): string',
          (text: string, times: bigint) => text.toUpperCase() + '!'.repeat(Number(times)),
        ),
        fn('fails(): bool', () => {
          throw new Error('secret')
        }),
      ],
    }).compile('my.pair(x.shout(2), 1).a == "HI!!" && (fails() || true)')
    expect(program?.evaluate({ x: 'hi' })).toEqual({ error: 'evaluation failed', cost: 10 })
  })

  it('lets a function evaluate another expression', () => {
    const inner = environment().compile('[1, 2].map(i, i * 2)').program
    const outer = environment({
      functions: [fn('nested(): list(int)', () => inner?.evaluate({}).value ?? [])],
    })
    expect(outer.compile('nested().size()').program?.evaluate({})).toEqual({ value: 2n, cost: 2 })
  })

  it.each([
    [{ variables: { x: 'text' } }, "'text' must be a type, such as 'string' or 'list(int)'"],
    [{ functions: [fn('f', () => 1n)] }, "'f' must be a signature, such as 'f(int): bool'"],
    [
      { functions: [method('f(int): int', () => 1n)] },
      "'f(int): int' must be a signature, such as 'string.f(int): bool'",
    ],
    [{ functions: [fn('f(x): int', () => 1n)] }, "'x' must be a type"],
    [{ libraries: ['nope' as 'sets'] }, "'nope' must be a library: bindings, encoders"],
  ])('refuses the options %#', (options, message) => {
    expect(() => environment(options)).toThrow(message)
  })

  it('resolves names in its container first', () => {
    const { program } = environment({ variables: { 'a.b.x': 'int', x: 'string' }, container: 'a.b' }).compile(
      'x == 1 && .x == "y"',
    )
    expect(program?.evaluate({ 'a.b.x': 1, x: 'y' })).toMatchObject({ value: true })
  })

  it('leaves out libraries', () => {
    const { compile } = environment({ libraries: ['strings'] })
    expect(compile('"a".charAt(0)').issues).toEqual([])
    expect(compile('sets.contains([1], [1])').issues[0]?.message).toContain('undeclared reference')
    expect(compile('a.?b').issues[0]?.message).toBe("unsupported syntax '.?'")
  })

  it('checks literals strictly, or nothing at all', () => {
    expect(environment({ types: 'strict' }).compile('[1, "a"]').issues[0]?.message).toBe(
      "expected type 'int' but found 'string'",
    )
    const { program } = environment({ types: 'dynamic' }).compile('(1 + "a" == x) || true')
    expect(program?.evaluate({})).toMatchObject({ value: true })
    expect(environment({ types: 'dynamic' }).compile('f(1)').program?.evaluate({})).toMatchObject({
      error: 'no such overload: f',
    })
  })

  it('gives up an evaluation at the limit of its cost', () => {
    const { compile } = environment({ limits: { cost: 50, length: 30 } })
    expect(compile('[1, 2, 3, 4].map(i, i)').program?.evaluate({})).toMatchObject({
      error: 'operation cancelled: actual cost limit exceeded',
    })
    expect(compile('[1].map(i, i)').program?.evaluate({})).toEqual({ value: [1n], cost: 14 })
    expect(compile(' '.repeat(31)).issues[0]?.message).toContain('exceeds limit: size: 31, limit 30')
  })
})
