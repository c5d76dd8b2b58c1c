import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseFieldSelector } from './field-selector.ts'
import { parseLabelSelector } from './label-selector.ts'
import type { Selector } from './selector.ts'

function text({ requirements, error }: Selector): string {
  if (error !== undefined) return 'error'
  return requirements
    .map(({ key, operator, values }) => `${key} ${operator} (${values.join('|')})`)
    .join('; ')
}

describe('parseLabelSelector', () => {
  it.each([
    ['', ''],
    ['app=web', 'app In (web)'],
    ['app==web,tier!=db', 'app In (web); tier NotIn (db)'],
    ['b,a,!c', 'a Exists (); b Exists (); c DoesNotExist ()'],
    ['x in (foo,,baz),y,z notin ()', 'x In (|baz|foo); y Exists (); z NotIn ()'],
    ['x in (,)', 'x In ()'],
    ['x in (in,notin)', 'x In (in|notin)'],
    ['in in (a)', 'in In (a)'],
    ['a=', 'a In ()'],
    ['a=,b', 'a In (); b Exists ()'],
    ['a>1,b<2', 'a Gt (1); b Lt (2)'],
    [' a \t=\n b ', 'a In (b)'],
    ['a \0b', 'a Exists ()'],
    ['a=\0b', 'a In ()'],
    ['example.com/app=web', 'example.com/app In (web)'],
  ])('reads %j', (selector, expected) => {
    expect(text(parseLabelSelector(selector))).toBe(expected)
  })

  it.each([
    '*bar',
    'a=b=c',
    'a,',
    ',a',
    'a b',
    'a in b',
    'a in (b',
    'a in (b c)',
    '!a=b',
    'a>x',
    'a=b c',
    '=a',
    'a!b',
    '(',
    '!',
    '!!a',
    'a=-',
    'a/b/c',
    `a=${'x'.repeat(64)}`,
    'a===b',
    'a in ((b))',
    'ü',
  ])('refuses %j', (selector) => {
    expect(text(parseLabelSelector(selector))).toBe('error')
  })

  it('never throws', () => {
    const piece = fc.oneof(
      fc.constantFrom('a', 'in', 'notin', '(', ')', ',', '=', '==', '!', '!=', ' ', '<', '\0'),
      fc.string(),
    )
    fc.assert(
      fc.property(fc.array(piece), (pieces) => {
        const { requirements, error } = parseLabelSelector(pieces.join(''))
        expect(error === undefined || requirements.length === 0).toBe(true)
      }),
    )
  })
})

describe('parseFieldSelector', () => {
  it.each([
    ['', ''],
    ['b=2,a==1,c!=3', 'a In (1); b In (2); c NotIn (3)'],
    ['a=x\\,y\\=z\\\\', 'a In (x,y=z\\)'],
    [',,a=b,', 'a In (b)'],
    ['a=', 'a In ()'],
    ['=', ''],
    ['=x', ' In (x)'],
  ])('reads %j', (selector, expected) => {
    expect(text(parseFieldSelector(selector))).toBe(expected)
  })

  it.each(['a', 'a=b,c', 'a=b=c', 'a=\\x', 'a=\\'])('refuses %j', (selector) => {
    expect(text(parseFieldSelector(selector))).toBe('error')
  })
})

describe.each([
  ['parseLabelSelector', parseLabelSelector, (count: number) => list(count).join(',')],
  ['parseLabelSelector of values', parseLabelSelector, (count: number) => `a in (${list(count).join(',')})`],
  [
    'parseFieldSelector',
    parseFieldSelector,
    (count: number) =>
      list(count)
        .map((key) => `${key}=b`)
        .join(','),
  ],
])('%s', (_, parse, selectorOf) => {
  it('reads a thousand commas, and no selector that has more of them', () => {
    expect(parse(selectorOf(1001)).error).toBeUndefined()
    expect(parse(selectorOf(1002))).toEqual({
      requirements: [],
      error: 'invalid selector: it has more than 1000 commas',
    })
  })

  it('reads no selector of more than 65,536 characters', () => {
    const padded = (length: number): string => 'a=b'.padEnd(length, ',')
    const tooLong = 'invalid selector: it has more than 65536 characters'
    expect(parse(padded(65_536)).error).not.toBe(tooLong)
    expect(parse(padded(65_537))).toEqual({ requirements: [], error: tooLong })
  })
})

function list(count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `k${index}`)
}
