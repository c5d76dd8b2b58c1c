import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { evaluated } from '../../test/cel.ts'
import { CelCompileError, CelEvaluationError, type CelValue } from '../kubernetes/index.ts'

function found(text: string, pattern: string, limit?: number): CelValue {
  const end = limit === undefined ? '' : `, ${limit}`
  return evaluated(`claims.text.findAll(claims.pattern${end})`, { text, pattern })
}

describe('find', () => {
  it.each([
    ['abc 123', '[0-9]+', '123'],
    ['abc 123', '[0-9]*', ''],
    ['abc 123', 'xyz', ''],
    ['abcd', '(a|ab)(c|bcd)', 'abcd'],
    ['ab', 'a|ab', 'a'],
    ['ab', 'ab|a', 'ab'],
    ['aaa', 'a+?', 'a'],
    ['aaa', '(?U)a+', 'a'],
    ['xAaAx', '(?i)a+', 'AaA'],
    ['a\nb', '(?m)^b', 'b'],
    ['a\nb', 'a.b', ''],
    ['a\nb', '(?s)a.b', 'a\nb'],
    ['é😀', '[^é]', '😀'],
    ['one two', '\\btwo\\b', 'two'],
    ['onetwo', '\\Btwo', 'two'],
    ['ab', '(?P<n>b)', 'b'],
    ['aaaab', 'a.*b|a', 'aaaab'],
  ])('in %j of %j is %j', (text, pattern, expected) => {
    expect(evaluated('claims.text.find(claims.pattern)', { text, pattern })).toBe(expected)
  })
})

describe('findAll', () => {
  it.each<[string, string, number | undefined, readonly string[]]>([
    ['123 abc 456', '[0-9]+', undefined, ['123', '456']],
    ['123 abc 456', '[0-9]+', 1, ['123']],
    ['123 abc 456', '[0-9]+', 0, []],
    ['123 abc 456', '[0-9]+', -1, ['123', '456']],
    ['123 abc 456', 'xyz', undefined, []],
    // An empty match directly after another match is skipped.
    ['aab', 'a*', undefined, ['aa', '']],
    ['b', 'a*', undefined, ['', '']],
    ['é😀', '', undefined, ['', '', '']],
    ['a😀a', '.', 2, ['a', '😀']],
    ['a\nb', '(?m)$', undefined, ['', '']],
  ])('in %j of %j up to %j is %j', (text, pattern, limit, expected) => {
    expect(found(text, pattern, limit)).toEqual(expected)
  })

  it('finds what JavaScript finds, where both mean the same', () => {
    const pattern = fc.constantFrom(
      'a',
      'b+',
      'a|b',
      'ab|a',
      '(a|ab)b',
      '[^a]',
      'a*b',
      '^a',
      'b$',
      '\\bab',
      'a{2}',
      '(ab)+?',
      'a?b',
    )
    const text = fc.string({ unit: fc.constantFrom('a', 'b', ' ', 'é', '😀'), maxLength: 12 })
    fc.assert(
      fc.property(text, pattern, (input, form) => {
        expect(found(input, form)).toEqual(
          Array.from(input.matchAll(new RegExp(form, 'gu')), ([part]) => part),
        )
      }),
    )
  })
})

describe('a pattern', () => {
  it.each([
    ['"a".find("(")', 'program instantiation failed: error parsing regexp: missing closing )'],
    ['"a".findAll("(?=x)")', 'program instantiation failed: '],
    ['"a".matches("(")', 'invalid matches argument'],
    ['matches("a", "(")', 'program instantiation failed: error parsing regexp: missing closing )'],
    ['"a".find(1)', "found no matching overload for 'find' applied to 'string.(int)'"],
    ['"a".findAll("a", "b")', "found no matching overload for 'findAll'"],
  ])('is reported at compile time: %s', (expression, message) => {
    expect(() => evaluated(expression)).toThrow(CelCompileError)
    expect(() => evaluated(expression)).toThrow(message)
  })

  it('of a claim is not repeated', () => {
    for (const name of ['find', 'findAll', 'matches']) {
      expect(() => evaluated(`"a".${name}(claims.x)`, { x: '(secret' })).toThrow(
        new CelEvaluationError('error parsing regexp'),
      )
    }
  })
})

describe('a pattern of a claim', () => {
  const matching = (expression: string, pattern: string): CelValue => evaluated(expression, { pattern })

  it.each([
    String.raw`\p{Tamil}`,
    String.raw`\pL`,
    String.raw`[^\PN]`,
    String.raw`\p{^Greek}`,
    String.raw`\p{None}`,
  ])('has no Unicode class that no literal pattern has: %s', (pattern) => {
    // The first use of a class takes the library up to a tenth of a second.
    expect(() => matching('"\u0BB0".matches(claims.pattern)', pattern)).toThrow(
      'a Unicode class is in no literal pattern',
    )
    expect(() => matching('"\u0BB0".find(claims.pattern)', pattern)).toThrow(
      'a Unicode class is in no literal pattern',
    )
  })

  it('may have the Unicode classes of literal patterns', () => {
    const expression = String.raw`"\u0BB0".matches(claims.pattern) && !"a".matches(r"^\p{Tamil}\p{Thai}")`
    expect(matching(expression, String.raw`^\p{Tamil}$`)).toBe(true)
    expect(matching(expression, String.raw`^\P{Thai}$`)).toBe(true)
    expect(() => matching(expression, String.raw`^\p{Lao}$`)).toThrow(
      'a Unicode class is in no literal pattern',
    )
  })
})
