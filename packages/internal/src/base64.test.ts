import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  base64Length,
  base64OfText,
  bytesOfBase64,
  isBase64,
  isCanonicalBase64,
  textOfBase64,
} from './base64.ts'

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
    expect([base64Length(text), textOfBase64(text)]).toEqual([text === '' ? 0 : undefined, ''])
  })

  it('is what encoders write, and nothing else', () => {
    const part = fc.constantFrom('A', 'Q', 'z', '9', '+', '/', '=', '-', '\n', ' ', 'é')
    const groups = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{4})$/
    fc.assert(
      fc.property(fc.string({ unit: part, maxLength: 12 }), (text) => {
        expect(isBase64(text)).toBe(groups.test(text))
      }),
      { numRuns: 5000 },
    )
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 100 }), (bytes) => {
        expect(isBase64(Buffer.from(bytes).toString('base64'))).toBe(true)
      }),
    )
  })

  it.each([
    ['YQ==', [0x61]],
    ['YWI=', [0x61, 0x62]],
    ['YWJj', [0x61, 0x62, 0x63]],
    ['/+8A', [0xff, 0xef, 0x00]],
  ])('%s is decoded', (text, bytes) => {
    expect(bytesOfBase64(text)).toEqual(Uint8Array.from(bytes))
    expect([isCanonicalBase64(text), base64Length(text)]).toEqual([true, bytes.length])
  })

  const strings = ['', 'a', 'ab', 'abc', 'é', '😀', '\u{FEFF}x', 'a'.repeat(1_048_576)]
  it.each(strings.map((text) => [text.slice(0, 10), text] as const))(
    'of a string that begins with %j is decoded to it',
    (_, text) => {
      const base64 = base64OfText(text)
      expect(textOfBase64(base64)).toBe(text)
      expect(base64Length(base64)).toBe(new TextEncoder().encode(text).length)
    },
  )

  it('of bytes that are not UTF-8 is decoded with U+FFFD', () => {
    expect(textOfBase64('/w==')).toBe('\u{FFFD}')
  })

  it.each(['YR==', 'YWJ=', 'YWJjYf=='])('%s has bits that no byte uses: it is not canonical', (text) => {
    expect(isBase64(text)).toBe(true)
    expect(isCanonicalBase64(text)).toBe(false)
  })
})
