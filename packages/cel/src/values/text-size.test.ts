import { describe, expect, it } from 'vitest'
import { byteCount, characterCount, characterCountTo, forgetLongTexts } from './text-size.ts'

describe('the size of a string', () => {
  it.each([
    ['', 0, 0],
    ['aé☃😀', 4, 10],
    ['aé☃😀'.repeat(100), 400, 1000],
    ['\ud83da', 2, 3],
  ])('%.10s is %i characters, and %i bytes', (text, characters, bytes) => {
    for (let time = 0; time < 2; time++) {
      expect([characterCount(text), byteCount(text)]).toEqual([characters, bytes])
      forgetLongTexts()
    }
  })

  it('is that of each of many long strings', () => {
    for (let time = 0; time < 2; time++) {
      for (let length = 64; length < 400; length++) expect(characterCount('a'.repeat(length))).toBe(length)
    }
  })

  it('is counted up to a place', () => {
    expect(characterCountTo('😀😀a', 4)).toBe(2)
  })
})
