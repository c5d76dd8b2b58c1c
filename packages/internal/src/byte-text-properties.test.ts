import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { cpuSecondsOf } from '../../../test/cpu-seconds.ts'
import { bytesFromText, latin1FromBytes, textFromLatin1 } from './byte-text.ts'

const textOf = (bytes: readonly number[]): string => textFromLatin1(latin1FromBytes(Uint8Array.from(bytes)))

/** Bytes that look like UTF-8 and often are not quite. */
const nearlyUtf8 = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        [0xc3, 0xa4],
        [0xe2, 0x82, 0xac],
        [0xf0, 0x9f, 0x98, 0x8a],
        [0xed, 0xb3, 0xbf],
        [0xef, 0xbb, 0xbf],
      ),
      fc.constantFrom([0xc3], [0x80], [0xff], [0xe2, 0x82], [0x41], [0x00], [0xed, 0xa0, 0x80]),
      fc.array(fc.integer({ min: 0, max: 255 }), { maxLength: 3 }),
    ),
    { maxLength: 6 },
  )
  .map((parts) => parts.flat())

describe('text made of bytes', () => {
  it('is never the same for two different sequences', () => {
    fc.assert(
      fc.property(nearlyUtf8, nearlyUtf8, (one, other) => {
        expect(textOf(one) === textOf(other)).toBe(one.join() === other.join())
      }),
      { numRuns: 2000 },
    )
  })

  it('gives the bytes back', () => {
    fc.assert(
      fc.property(nearlyUtf8, (bytes) => {
        expect([...bytesFromText(textOf(bytes))]).toEqual(bytes)
      }),
      { numRuns: 1000 },
    )
  })

  it('has the characters of what is UTF-8, whatever is beside it', () => {
    const invalid = fc.constantFrom([0x80], [0xbf], [0xc0], [0xc1], [0xf5], [0xff], [0xfe, 0xff])
    const text = fc.string({ unit: 'grapheme' })
    const encoded = (part: string): readonly number[] => [...new TextEncoder().encode(part)]
    fc.assert(
      fc.property(text, invalid, text, (before, bytes, after) => {
        const apart = bytes.map((byte) => String.fromCharCode(0xdc00 + byte)).join('')
        expect(textOf([...encoded(before), ...bytes, ...encoded(after)])).toBe(before + apart + after)
      }),
      { numRuns: 1000 },
    )
  })

  it('is taken apart at ASCII characters as the bytes are', () => {
    fc.assert(
      fc.property(nearlyUtf8, nearlyUtf8, (one, other) => {
        expect(textOf([...one, 0x2c, ...other])).toBe(`${textOf(one)},${textOf(other)}`)
      }),
      { numRuns: 1000 },
    )
  })

  it.each([
    ['bytes that are none', '\xff'],
    ['characters that end early', '\xf0\x9f\x98'],
    ['characters beside bytes', '\xc3\xb6\xff'],
  ])('costs no more than its length, made of %s', (_, unit) => {
    const cpuOf = (length: number): number => {
      const value = unit.repeat(length / unit.length)
      return cpuSecondsOf(() => {
        for (let round = 0; round < 5; round++) bytesFromText(textFromLatin1(value))
      })
    }
    cpuOf(6000)
    // Eight times as long, so that anything quadratic would be sixty-four times as dear.
    expect(cpuOf(480_000)).toBeLessThan(cpuOf(60_000) * 30 + 0.1)
  })

  it('differs for all pairs of bytes', () => {
    const decoded = new Set<string>()
    for (let first = 0; first < 256; first++) {
      for (let second = 0; second < 256; second++) decoded.add(textOf([first, second]))
    }
    expect(decoded.size).toBe(65_536)
  })

  it('is the text that was encoded', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        expect(textOf([...new TextEncoder().encode(text)])).toBe(text)
      }),
    )
  })

  it('has lone surrogates exactly unless the bytes are UTF-8', () => {
    const isUtf8 = (bytes: readonly number[]): boolean => {
      try {
        new TextDecoder('utf-8', { fatal: true }).decode(Uint8Array.from(bytes))
        return true
      } catch {
        return false
      }
    }
    fc.assert(
      fc.property(nearlyUtf8, (bytes) => {
        expect(/\p{Surrogate}/u.test(textOf(bytes))).toBe(!isUtf8(bytes))
      }),
      { numRuns: 1000 },
    )
  })
})
