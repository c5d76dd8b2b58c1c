import { describe, expect, it } from 'vitest'
import { bytesOfBase64, isBase64, isCanonicalBase64 } from './base64.ts'

describe('base64', () => {
  it.each([
    ['an empty string', ''],
    ['no padding', 'YQ'],
    ['half of the padding', 'YQ='],
    ['padding alone', '===='],
    ['too much padding', 'YWJj===='],
    ['padding in the middle', 'YQ==YWJj'],
    ['white space', 'YW Jj'],
    ['a line break at its end', 'YWJj\n'],
    ['the URL alphabet', '_-__'],
    ['a character that is not ASCII', 'YWJé'],
    ['one character too many', 'YWJjY'],
  ])('with %s is refused', (_, text) => {
    expect([isBase64(text), isCanonicalBase64(text), bytesOfBase64(text)]).toEqual([false, false, undefined])
  })

  it.each([
    ['YQ==', [0x61]],
    ['YWI=', [0x61, 0x62]],
    ['YWJj', [0x61, 0x62, 0x63]],
    ['/+8A', [0xff, 0xef, 0x00]],
  ])('%s is decoded', (text, bytes) => {
    expect(bytesOfBase64(text)).toEqual(Uint8Array.from(bytes))
    expect(isCanonicalBase64(text)).toBe(true)
  })

  it.each(['YR==', 'YWJ=', 'YWJjYf=='])('%s has bits that no byte uses: it is not canonical', (text) => {
    expect(isBase64(text)).toBe(true)
    expect(isCanonicalBase64(text)).toBe(false)
  })
})
