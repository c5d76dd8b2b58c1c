import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readBoolean } from './flag-value.ts'
import { readSlice } from './string-slice.ts'

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
