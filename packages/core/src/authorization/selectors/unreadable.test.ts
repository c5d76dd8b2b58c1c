import { describe, expect, it } from 'vitest'
import { parseFieldSelector } from './field-selector.ts'
import { isInt64, parseLabelSelector } from './label-selector.ts'

describe('a label selector that cannot be read', () => {
  it.each([
    ['a in (', "found '', expected: identifier"],
    ['a in (b', "found '', expected: ',' or ')'"],
    ['a in (b c)', "found 'c', expected: ',' or ')'"],
    ['a ~', "found '~', expected: in, notin, =, ==, !=, gt, lt"],
    ['a b', "found 'b', expected: in, notin, =, ==, !=, gt, lt"],
    ['a!', "found '!', expected: in, notin, =, ==, !=, gt, lt"],
    ['a\0b', "found 'b', expected: in, notin, =, ==, !=, gt, lt"],
    ['a=b\0c', "found 'c', expected: ',' or 'end of string'"],
    ['a=b c', "found 'c', expected: ',' or 'end of string'"],
    ['!a!', "found '!', expected: ',' or 'end of string'"],
    ['a,', "found '', expected: identifier"],
    ['!', "found '', expected: identifier"],
    ['=', "found '=', expected: identifier"],
    ['==', "found '==', expected: identifier"],
    ['(', "found '(', expected: identifier"],
    ['a===b', "found '=', expected: identifier"],
    ['a=)', "found ')', expected: identifier"],
    ['a>b', "for 'Gt', 'Lt' operators, the value must be an integer"],
    ['a<', "for 'Gt', 'Lt' operators, the value must be an integer"],
  ])('says what is wrong with %j', (text, problem) => {
    expect(parseLabelSelector(text)).toEqual({
      requirements: [],
      error: `unable to parse requirement: ${problem}`,
    })
  })
})

describe('a field selector that cannot be read', () => {
  it.each([
    ['a', "invalid selector: 'a'; can't understand 'a'"],
    ['a=b,c', "invalid selector: 'a=b,c'; can't understand 'c'"],
    ['a=b=c', "invalid field selector: 'a=b=c'"],
    ['a=\\x', "invalid field selector: 'a=\\x'"],
  ])('says what is wrong with %j', (text, problem) => {
    expect(parseFieldSelector(text)).toEqual({ requirements: [], error: problem })
  })
})

describe('isInt64', () => {
  it.each(['0', '+1', '-1', '007', '9223372036854775807', '-9223372036854775808', '0'.repeat(4096)])(
    'takes %s',
    (text) => {
      expect(isInt64(text)).toBe(true)
    },
  )

  it.each([
    '',
    '+',
    '-',
    '+-1',
    'a1',
    ' 1',
    '1 ',
    '1.0',
    '0x1',
    '9223372036854775808',
    '-9223372036854775809',
    '0'.repeat(4097),
  ])('does not take %s', (text) => {
    expect(isInt64(text)).toBe(false)
  })
})
