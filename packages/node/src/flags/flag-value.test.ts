import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { problemOfValue, readBoolean, readInteger, readSlice } from './flag-value.ts'

describe('a list with commas', () => {
  it('has every element again that was put into it', () => {
    const written = (element: string): string =>
      /[",]/.test(element) ? `"${element.replaceAll('"', '""')}"` : element
    fc.assert(
      fc.property(fc.array(fc.string({ maxLength: 8 }), { minLength: 1 }), (elements) => {
        // An empty value has no elements, so an empty element cannot be written.
        fc.pre(elements.join('') !== '' || elements.length > 1)
        expect(readSlice(elements.map(written).join(','))).toEqual(elements)
      }),
    )
  })

  it.each([
    ['', []],
    [',', ['', '']],
    ['""', ['']],
    ['a,', ['a', '']],
    ['"a","b"', ['a', 'b']],
    ['"', undefined],
    ['"a"b', undefined],
    ['a"b"', undefined],
    ['"a', undefined],
    ['a,"', undefined],
    [' "a"', undefined],
  ])('%j', (text, elements) => {
    expect(readSlice(text)).toEqual(elements)
  })
})

it.each(['yes', 'on', 'tRue', ' true', '', '2', '-1'])('%j is no boolean', (text) => {
  expect(readBoolean(text)).toBeUndefined()
})

it.each([
  ['0', 0],
  ['-0', 0],
  ['+1', 1],
  ['-12', -12],
  ['6443', 6443],
  ['6_443', 6443],
  ['0x10', 16],
  ['0XfF', 255],
  ['0x_f_f', 255],
  ['-0x10', -16],
  ['0b101', 5],
  ['0B_1', 1],
  ['0o17', 15],
  ['0O_17', 15],
  ['017', 15],
  ['0_17', 15],
  ['00', 0],
  ['9007199254740991', 9_007_199_254_740_991],
])('%j is the whole number %d', (text, number) => {
  expect(readInteger(text)).toBe(number)
  expect(problemOfValue('secure-port', 'wholeNumber', text)).toBeUndefined()
})

it.each<readonly [string, string]>([
  ...[
    '',
    '+',
    '-',
    ' 1',
    '1 ',
    '1\n',
    '_1',
    '1_',
    '1__2',
    '0x',
    '0x_',
    '0xg',
    '0x1_',
    '0b2',
    '0o8',
    '08',
    '0_',
    '1.0',
    '1e3',
    '--1',
    '10h',
  ].map((text) => [text, 'invalid syntax'] as const),
  ['9007199254740992', 'value out of range'],
  ['0x8000000000000000', 'value out of range'],
  ['9'.repeat(400), 'value out of range'],
])('%j is no whole number', (text, problem) => {
  expect(readInteger(text)).toEqual({ problem })
})

it.each(['', 'A=true', 'A=1,B=f', ' A = T ,', 'A=False,A=TRUE'])('%j are gates', (text) => {
  expect(problemOfValue('feature-gates', 'gates', text)).toBeUndefined()
})

it.each([
  ['A=maybe', 'invalid value of A, err: strconv.ParseBool: parsing "maybe": invalid syntax'],
  ['A=1x', 'invalid value of A, err: strconv.ParseBool: parsing "1x": invalid syntax'],
  ['A=', 'invalid value of A, err: strconv.ParseBool: parsing "": invalid syntax'],
  ['A=true=false', 'invalid value of A, err: strconv.ParseBool: parsing "true=false": invalid syntax'],
  ['A=tRue', 'invalid value of A, err: strconv.ParseBool: parsing "tRue": invalid syntax'],
  ['A', 'missing bool value for A'],
  ['A=true,B', 'missing bool value for B'],
  ['a.secret=?', 'invalid value of ?, err: strconv.ParseBool: parsing "?": invalid syntax'],
])('%j are no gates', (text, problem) => {
  expect(problemOfValue('feature-gates', 'gates', text)).toBe(
    `invalid argument for "--feature-gates" flag: ${problem}`,
  )
})

it.each(['boolean', 'duration', 'number', 'wholeNumber', 'gates'] as const)(
  'a long or multi-line value of a %s is not repeated',
  (kind) => {
    for (const value of ['s3cret'.repeat(11), 's3cret\n']) {
      const problem = problemOfValue('a', kind, kind === 'gates' ? `A=${value}x` : value)
      expect(problem).toMatch(/invalid/)
      expect(problem).not.toContain('s3cret')
    }
  },
)
