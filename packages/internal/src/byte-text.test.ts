import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bytesFromText, latin1FromBytes, latin1FromText, textFromLatin1 } from './byte-text.ts'

const bytes = fc.uint8Array({ maxLength: 40 })

describe('textFromLatin1', () => {
  it.each([
    ['ASCII', [0x6a, 0x61], 'ja'],
    ['UTF-8', [0x6a, 0xc3, 0xa4], 'jä'],
    ['a byte order mark, which is kept', [0xef, 0xbb, 0xbf, 0x6a], '\uFEFFj'],
    ['a byte that is not UTF-8', [0x6a, 0xe4], 'j\uDCE4'],
    ['an overlong encoding', [0xc0, 0xaf], '\uDCC0\uDCAF'],
    ['an overlong encoding of three bytes', [0xe0, 0x9f, 0xbf], '\uDCE0\uDC9F\uDCBF'],
    ['an overlong encoding of four bytes', [0xf0, 0x8f, 0xbf, 0xbf], '\uDCF0\uDC8F\uDCBF\uDCBF'],
    ['a surrogate', [0xed, 0xa0, 0x80], '\uDCED\uDCA0\uDC80'],
    ['the surrogate that stands for a byte', [0xed, 0xb3, 0xbf], '\uDCED\uDCB3\uDCBF'],
    ['what is beyond Unicode', [0xf4, 0x90, 0x80, 0x80], '\uDCF4\uDC90\uDC80\uDC80'],
    ['a character beside a byte', [0x67, 0x72, 0xc3, 0xbc, 0xff, 0xc3, 0xbc], 'grü\uDCFFü'],
    ['a pair beside a byte', [0xf0, 0x9f, 0x98, 0x8a, 0xfe], '😊\uDCFE'],
    ['a byte before a pair', [0xfe, 0xf0, 0x9f, 0x98, 0x8a], '\uDCFE😊'],
    ['a character that ends early', [0xe2, 0x82, 0xc3, 0xbc], '\uDCE2\uDC82ü'],
    ['a character that the value ends in', [0xc3, 0xbc, 0xf0, 0x9f, 0x98], 'ü\uDCF0\uDC9F\uDC98'],
    ['a byte order mark beside a byte', [0xef, 0xbb, 0xbf, 0x80], '\uFEFF\uDC80'],
  ])('reads %s', (_, sent, text) => {
    expect(textFromLatin1(String.fromCharCode(...sent))).toBe(text)
  })

  it.each(['šdmin', 'a\u0100', '\uDCFF', 'é😊'])(
    'returns %j, which is already decoded, unchanged',
    (text) => {
      expect(textFromLatin1(text)).toBe(text)
    },
  )

  it('decodes different bytes to different strings', () => {
    fc.assert(
      fc.property(bytes, (sent) => {
        expect([...bytesFromText(textFromLatin1(latin1FromBytes(sent)))]).toEqual([...sent])
      }),
    )
  })
})

describe('latin1FromText', () => {
  it.each([
    ['ASCII', 'chat,v2', 'chat,v2'],
    ['a letter', 'ü', '\u00C3\u00BC'],
    ['a snowman', '☃', '\u00E2\u0098\u0083'],
    ['a byte that was not UTF-8', 'ü\uDCFE', '\u00C3\u00BC\u00FE'],
    ['half a pair', '\uD83D', '\u00EF\u00BF\u00BD'],
  ])('has the bytes of %s', (_, text, latin1) => {
    expect(latin1FromText(text)).toBe(latin1)
  })

  it('is what a value was sent as', () => {
    fc.assert(
      fc.property(bytes, (sent) => {
        const latin1 = latin1FromBytes(sent)
        expect(latin1FromText(textFromLatin1(latin1))).toBe(latin1)
      }),
    )
  })
})

describe('latin1FromBytes', () => {
  it('takes more bytes than a function takes arguments', () => {
    const many = new Uint8Array(300_000).fill(0xff)
    expect(latin1FromBytes(many)).toBe('\u00FF'.repeat(many.length))
  })
})

describe('bytesFromText', () => {
  it.each([
    ['a byte that was not UTF-8', '\uDCFF', [0xff]],
    ['a letter beside one', 'Ŭ\uDCFF', [0xc5, 0xac, 0xff]],
    ['a surrogate that was never a byte', '\uDC73', [0xef, 0xbf, 0xbd]],
    ['half a pair', '\uD83D', [0xef, 0xbf, 0xbd]],
  ])('has %s', (_, text, sent) => {
    expect([...bytesFromText(text)]).toEqual(sent)
  })
})
