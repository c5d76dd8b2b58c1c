import { describe, expect, it } from 'vitest'
import { canonical, differencesOf } from './difference.ts'

describe('differencesOf', () => {
  it.each([
    [
      'equal values in another order of keys',
      { a: 1, b: [{ c: 2, d: 3 }] },
      { b: [{ d: 3, c: 2 }], a: 1 },
      [],
    ],
    ['a field that is not there', { a: 1 }, {}, [{ at: 'a', there: 1, here: undefined }]],
    ['a field that should not be there', {}, { a: null }, [{ at: 'a', there: undefined, here: null }]],
    ['a nested field', { a: { b: 1 } }, { a: { b: '1' } }, [{ at: 'a.b', there: 1, here: '1' }]],
    ['a list in another order', { a: [1, 2] }, { a: [2, 1] }, [{ at: 'a', there: [1, 2], here: [2, 1] }]],
    ['a list and an object', { a: [] }, { a: {} }, [{ at: 'a', there: [], here: {} }]],
    ['null and an object', null, { a: 1 }, [{ at: '', there: null, here: { a: 1 } }]],
    ['fields without a value', { a: undefined }, {}, []],
  ])('tells %s', (_, there, here, expected) => {
    expect(differencesOf(there, here)).toEqual(expected)
  })
})

it('makes one text of equal values, and others of others', () => {
  expect(canonical({ b: 1, a: [undefined, null] })).toBe(
    canonical({ a: [undefined, null], b: 1, c: undefined }),
  )
  expect(canonical({ a: '1' })).not.toBe(canonical({ a: 1 }))
  expect(canonical([1, [2]])).not.toBe(canonical([1, 2]))
})
