import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bytesFromText, latin1FromBytes, textFromLatin1 } from './byte-text.ts'

const bytes = fc.uint8Array({ maxLength: 40 })

describe('textFromLatin1', () => {
  it.each([
    ['ASCII', [0x6a, 0x61], 'ja'],
    ['UTF-8', [0x6a, 0xc3, 0xa4], 'jä'],
    ['a byte order mark, which is kept', [0xef, 0xbb, 0xbf, 0x6a], '\uFEFFj'],
    ['a byte that is not UTF-8', [0x6a, 0xe4], 'j\uDCE4'],
    ['an overlong encoding', [0xc0, 0xaf], '\uDCC0\uDCAF'],
  ])('reads %s', (_, sent, text) => {
    expect(textFromLatin1(String.fromCharCode(...sent))).toBe(text)
  })

  it.each(['šdmin', 'a\u0100', '\uDCFF', 'é😊'])(
    'takes %j, which somebody decoded already, as it is',
    (text) => {
      expect(textFromLatin1(text)).toBe(text)
    },
  )

  it('makes different texts of different bytes, whatever they are', () => {
    fc.assert(
      fc.property(bytes, (sent) => {
        expect([...bytesFromText(textFromLatin1(latin1FromBytes(sent)))]).toEqual([...sent])
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
