import { describe, expect, it } from 'vitest'
import { firstValues, percentDecoded } from './query.ts'

describe('the parameters of a query', () => {
  it.each<[string, Readonly<Record<string, string>>]>([
    ['', {}],
    ['a=1', { a: '1' }],
    ['a', { a: '' }],
    ['a=', { a: '' }],
    ['=1', { '': '1' }],
    ['a=1&a=2', { a: '1' }],
    ['a=1&&b=2', { a: '1', b: '2' }],
    ['a=b=c', { a: 'b=c' }],
    ['long=1&x', { long: '1', x: '' }],
    ['a+b=c+d', { 'a b': 'c d' }],
    ['a%2Bb=%26', { 'a+b': '&' }],
    ['a=1;b=2&c=3', { c: '3' }],
    ['a=%zz&b=1', { b: '1' }],
    ['a=%zz&a=1', { a: '1' }],
    ['%zz=1&b=1', { b: '1' }],
    ['%=1', {}],
    ['__proto__=1', { ['__proto__']: '1' }],
  ])('of "%s" are read as Go reads them', (query, expected) => {
    expect([...firstValues(query)]).toEqual(Object.entries(expected))
  })
})

describe('percentDecoded', () => {
  it.each([
    ['', ''],
    ['a', 'a'],
    ['%41', 'A'],
    ['%41b%43', 'AbC'],
    ['%c3%a4', 'ä'],
    ['Ŭ%41', 'ŬA'],
    ['Ŭ%4142', 'ŬA42'],
    ['Ŭ%c3%a4ä', 'Ŭää'],
    ['%2541', '%41'],
    ['%', undefined],
    ['%4', undefined],
    ['%g1', undefined],
    ['Ŭ%4g', undefined],
  ])('of "%s" is %j', (text, expected) => {
    expect(percentDecoded(text)).toBe(expected)
  })
})
