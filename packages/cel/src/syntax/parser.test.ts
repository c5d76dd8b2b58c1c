import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Macros } from './macros.ts'
import { parse } from './parser.ts'
import { issuesOf } from './source.ts'
import { OPTIONAL_MACROS, STANDARD_MACROS } from './standard-macros.ts'
import type { LiteralValue, Node } from './ast.ts'
import { Uint } from '../values/value.ts'

const dialect = {
  macros: new Macros([...STANDARD_MACROS, ...OPTIONAL_MACROS]),
  maxLength: 1000,
  hasOptionals: true,
  hasEscapedFields: true,
}

const DEEP = 'max recursion depth exceeded'
const NESTED = 'expression recursion limit exceeded: 250'

/** The tree with a bracket around each operation. */
function shown(node: Node): string {
  switch (node.kind) {
    case 'literal':
      return literal(node.value)
    case 'ident':
      return node.name
    case 'select':
      return node.isTest
        ? `has(${shown(node.operand)}.${node.field})`
        : `${shown(node.operand)}.${node.field}`
    case 'call':
      return `${node.target === undefined ? '' : `${shown(node.target)}.`}${node.name}(${node.args.map(shown).join(', ')})`
    case 'list':
      return `[${node.elements.map(({ value, isOptional }) => (isOptional ? '?' : '') + shown(value)).join(', ')}]`
    case 'map':
      return `{${node.entries.map(({ key, value, isOptional }) => `${isOptional ? '?' : ''}${shown(key)}: ${shown(value)}`).join(', ')}}`
    case 'message':
      return `${node.name}{}`
    case 'fold':
      return `${node.form}(${shown(node.range)}, ${node.variables.join(', ')}, ${shown(node.body)})`
    case 'bind':
      return `bind(${node.name}, ${shown(node.value)}, ${shown(node.body)})`
    case 'once':
      return `once(${shown(node.node)})`
    case 'again':
      return 'again'
  }
}

function literal(value: LiteralValue): string {
  if (value instanceof Uint) return `${value.value}u`
  if (value instanceof Uint8Array) return `b[${value.join(' ')}]`
  return typeof value === 'string' ? JSON.stringify(value) : String(value)
}

function parsed(text: string): string {
  const { root, problems = [] } = parse(text, dialect) as {
    root?: Node
    problems?: readonly { message: string; offset: number }[]
  }
  if (root !== undefined) return shown(root)
  return issuesOf(text, problems)
    .map(({ line, column, message }) => `${line}:${column} ${message}`)
    .join('\n')
}

describe('the parser', () => {
  it.each([
    // Relations have one level, from left to right.
    ['a == b in c', '@in(_==_(a, b), c)'],
    ['a != b < c', '_<_(_!=_(a, b), c)'],
    ['a in b == c', '_==_(@in(a, b), c)'],
    ['1 + 2 * 3 - 4', '_-_(_+_(1, _*_(2, 3)), 4)'],
    ['a || b && c || d', '_||_(a, _&&_(b, c), d)'],
    ['a ? b : c ? d : e', '_?_:_(a, b, _?_:_(c, d, e))'],
    ['-1', '-1'],
    ['-x.y', '-_(x.y)'],
    ['--x', 'x'],
    ['---x', '-_(x)'],
    ['!!!x', '!_(x)'],
    ['!-1', '!_(-1)'],
    ['-1.5.f()', '-1.5.f()'],
    ['.a.b(.c)', '.a.b(.c)'],
    ['a.?b[?c][d].e', '_[_](_[?_](_?._(a, "b"), c), d).e'],
    ['a.`b-c/d`', 'a.b-c/d'],
    ['[1, ?a, ]', '[1, ?a]'],
    ['[,]', '[]'],
    ['{,}', '{}'],
    ['{?a: b, "c": d,}', '{?a: b, "c": d}'],
    ['a.b{c: 1}', 'a.b{}'],
    ['in_.as.for', 'in_.as.for'],
    ['0xFF', '255'],
    ['-0x8000000000000000', '-9223372036854775808'],
    ['18446744073709551615u', '18446744073709551615u'],
    ['.5e1', '5'],
    [String.raw`"a\tb\x41\101\u00e9\U0001F600"`, '"a\tbAAé😀"'.replace('\t', String.raw`\t`)],
    [String.raw`r"a\t"`, String.raw`"a\\t"`],
    ["'''a\n'b'\r\n'''", String.raw`"a\n'b'\n"`],
    [String.raw`b"é\xff\377"`, 'b[195 169 255 255]'],
    [String.raw`bR"\x"`, 'b[92 120]'],
    ['true // a comment\n && false', '_&&_(true, false)'],
    ['has(a.b)', 'has(a.b)'],
    ['x.map(i, i > 0, i + 1)', 'list(x, i, _+_(i, 1))'],
    ['x.filter(i, i)', 'list(x, i, i)'],
    ['x.exists_one(i, i)', 'existsOne(x, i, i)'],
    ['x.optMap(v, v)', '_?_:_(once(x).hasValue(), optional.of(bind(v, again.value(), v)), optional.none())'],
  ])('reads %s', (text, expected) => {
    expect(parsed(text)).toBe(expected)
  })

  it.each([
    [
      '',
      "1:1 Syntax error: mismatched input '<EOF>' expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}",
    ],
    ['a b', "1:3 Syntax error: extraneous input 'b' expecting <EOF>"],
    ['a b c', "1:3 Syntax error: mismatched input 'b' expecting <EOF>"],
    ['(a', "1:3 Syntax error: missing ')' at '<EOF>'"],
    ['f(a b)', "1:5 Syntax error: extraneous input 'b' expecting ')'"],
    ['[a b c]', "1:4 Syntax error: mismatched input 'b' expecting {']', ','}"],
    ['a..b', "1:3 Syntax error: no viable alternative at input '..'"],
    ['a.true', "1:3 Syntax error: mismatched input 'true' expecting IDENTIFIER"],
    ['a ? b', "1:6 Syntax error: mismatched input '<EOF>' expecting ':'"],
    ['t ? t ? 1 : 2 : 3', "1:7 Syntax error: mismatched input '?' expecting ':'"],
    ['a = b', "1:3 Syntax error: token recognition error at: '= '"],
    ['"a\nb"', `1:1 Syntax error: token recognition error at: '"a\n'`],
    [String.raw`"\q"`, String.raw`1:1 Syntax error: token recognition error at: '"\q'`],
    ['-!x', "1:2 Syntax error: no viable alternative at input '-!'"],
    ['f(a,)', "1:5 Syntax error: mismatched input ')' expecting"],
    ['{a b}', "1:4 Syntax error: missing ':' at 'b'"],
    ['0XFF', "1:2 Syntax error: extraneous input 'XFF' expecting <EOF>"],
    ['a &&\n  for', '2:3 reserved identifier: for'],
    ['9223372036854775808', '1:1 invalid int literal'],
    ['--9223372036854775808', '1:3 invalid int literal'],
    ['-1u', '1:1'],
    ['18446744073709551616u', '1:1 invalid uint literal'],
    ['1e999', '1:1 invalid double literal'],
    [String.raw`"\ud800"`, '1:1 invalid unicode code point'],
    [String.raw`b"\u00e9"`, '1:1 unable to unescape string'],
    ['has(a)', '1:5 invalid argument to has() macro'],
    ['x.map(1, a)', '1:7 argument is not an identifier'],
    ['x.all(a.b, a)', '1:8 argument must be a simple name'],
    ['x.all(__result__, true)', '1:7 iteration variable overwrites accumulator variable'],
    ['for + while', '1:1 reserved identifier: for\n1:7 reserved identifier: while'],
    ['😀', "1:1 Syntax error: token recognition error at: '😀'"],
    ['"😀" b', "1:5 Syntax error: extraneous input 'b' expecting <EOF>"],
    ['x'.repeat(1001), '1:1 expression code point size exceeds limit: size: 1001, limit 1000'],
  ])('refuses %s', (text, expected) => {
    if (expected === '1:1') expect(parsed(text)).toBe('-_(1u)')
    else expect(parsed(text)).toContain(expected)
  })

  it.each([
    ['operators of a kind', (n: number) => `1${'+1'.repeat(n)}`, 250, DEEP],
    ['operators of two kinds', (n: number) => `1*1${'+1'.repeat(n)}`, 249, DEEP],
    ['operators in an operand', (n: number) => `a==(1${'+1'.repeat(n)})`, 249, DEEP],
    ['selections', (n: number) => `a${'.a'.repeat(n)}`, 250, DEEP],
    ['indices', (n: number) => `a${'[0]'.repeat(n)}`, 250, DEEP],
    ['calls', (n: number) => `a${'.b()'.repeat(n)}`, 250, DEEP],
    ['selections in an operand of an operand', (n: number) => `1+1*a${'.a'.repeat(n)}`, 248, DEEP],
    ['brackets', (n: number) => '('.repeat(n) + 1 + ')'.repeat(n), 249, NESTED],
    ['lists', (n: number) => '['.repeat(n) + 1 + ']'.repeat(n), 249, NESTED],
    ['conditions', (n: number) => `${'a?1:'.repeat(n)}1`, 249, NESTED],
    ['brackets on the right', (n: number) => '1+('.repeat(n) + 1 + ')'.repeat(n), 124, NESTED],
    ['brackets on the right of two', (n: number) => '1+1*('.repeat(n) + 1 + ')'.repeat(n), 83, NESTED],
  ])('takes as many %s as cel-go', (_, text, most, problem) => {
    const long = { ...dialect, maxLength: 100_000 }
    expect(parse(text(most), long).problems).toBeUndefined()
    expect(parse(text(most + 1), long).problems?.map(({ message }) => message)).toEqual([problem])
  })

  it('counts operators beside each other once', () => {
    const sum = `(1${'+1'.repeat(240)})`
    const text = `[${sum}, ${sum}].a(${sum}, ${sum}) && ${sum}`
    expect(parse(text, { ...dialect, maxLength: 100_000 }).problems).toBeUndefined()
  })

  it('counts characters, not UTF-16 units', () => {
    expect(parsed(`"${'😀'.repeat(998)}"`)).toBe(`"${'😀'.repeat(998)}"`)
  })

  it('has a tree or problems for any text', () => {
    const pieces = fc.constantFrom(
      ...'a 1 1u 1.5 "s" ( ) [ ] { } . , ? : ! - + == in && || .? [? has( .map(x, \\ $ \n 😀 `'.split(' '),
    )
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 20 }), (parts) => {
        const text = parts.join(' ')
        const result = parse(text, dialect)
        if (result.problems === undefined) return
        expect(result.problems.length).toBeGreaterThan(0)
        for (const { line, column } of issuesOf(text, result.problems)) {
          expect(line).toBeGreaterThan(0)
          expect(column).toBeGreaterThan(0)
        }
      }),
    )
  })
})
