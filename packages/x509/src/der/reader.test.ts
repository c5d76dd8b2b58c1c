import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { concat, hex, integer, sequence, tlv } from '../../test/der.ts'
import { CertificateError } from '../errors.ts'
import { contentOf, DerReader, derOf, elementsOf, soleElement, Tag } from './reader.ts'

const WHAT = 'thing'

describe('a DER reader', () => {
  it('reads one element after the other', () => {
    const reader = new DerReader(concat(integer(1), integer(2)))
    const [one, two] = [reader.next(WHAT), reader.next(WHAT)]
    expect([contentOf(one), derOf(two)]).toEqual([hex('01'), hex('02 01 02')])
    expect(reader.isAtEnd).toBe(true)
    expect(reader.nextTag).toBeUndefined()
  })

  it('reads what is inside of an element, and not beyond', () => {
    const outer = new DerReader(concat(sequence(integer(1)), integer(2))).next(WHAT)
    const inner = new DerReader(outer)
    expect(contentOf(inner.required(Tag.integer, WHAT))).toEqual(hex('01'))
    expect(() => inner.next(WHAT)).toThrow('x509: malformed thing: truncated')
  })

  it('leaves an optional element that is not there', () => {
    const reader = new DerReader(integer(7))
    expect(reader.optional(Tag.boolean, WHAT)).toBeUndefined()
    expect(reader.optional(Tag.integer, WHAT)).toBeDefined()
    expect(reader.optional(Tag.integer, WHAT)).toBeUndefined()
  })

  it.each([127, 128, 255, 256, 65_535, 65_536])('reads a length of %i', (length) => {
    const element = soleElement(tlv(0x04, new Uint8Array(length)), Tag.octetString, WHAT)
    expect(element.end - element.contentStart).toBe(length)
  })

  it.each([
    ['nothing', '', 'truncated'],
    ['a tag alone', '30', 'truncated'],
    ['an indefinite length', '30 80 00 00', 'bad length'],
    ['a length in two octets that fits in one', '04 81 01 00', 'length is not minimal'],
    ['a length with a leading zero', `04 82 00 80 ${'00'.repeat(128)}`, 'length is not minimal'],
    ['a length of four octets', '04 84 00 00 00 01 00', 'bad length'],
    ['a length of 127 octets', '04 ff 01', 'bad length'],
    ['a length that is cut off', '04 82 01', 'bad length'],
    ['a content that is cut off', '04 02 00', 'runs past its parent'],
    ['a tag number above 30', '1f 1f 00', 'high tag number'],
    ['a constructed high tag', 'bf 21 00', 'high tag number'],
  ])('refuses %s', (_, bytes, why) => {
    expect(() => new DerReader(hex(bytes)).next(WHAT)).toThrow(`x509: malformed thing: ${why}`)
  })

  it.each([
    ['another tag', () => soleElement(integer(1), Tag.sequence, WHAT), 'wrong tag'],
    ['a constructed string', () => soleElement(hex('24 03 04 01 00'), Tag.octetString, WHAT), 'wrong tag'],
    ['more than one element', () => soleElement(hex('05 00 05 00'), Tag.null, WHAT), 'trailing data'],
    ['a byte too many', () => soleElement(hex('05 00 00'), Tag.null, WHAT), 'trailing data'],
  ])('refuses %s where one element is wanted', (_, read, why) => {
    expect(read).toThrow(`x509: malformed thing: ${why}`)
  })

  it('gives the elements of a list, which is not empty and of one kind', () => {
    const list = (...items: readonly Uint8Array[]) => [
      ...elementsOf(soleElement(sequence(...items), Tag.sequence, WHAT), Tag.integer, WHAT),
    ]
    expect(list(integer(1), integer(2)).map(contentOf)).toEqual([hex('01'), hex('02')])
    expect(() => list()).toThrow('truncated')
    expect(() => list(integer(1), sequence())).toThrow('wrong tag')
  })

  it('ends on any bytes, with elements that lie one behind the other or with an error of its own', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        const reader = new DerReader(new Uint8Array(bytes))
        let end = 0
        try {
          while (!reader.isAtEnd) {
            const element = reader.next(WHAT)
            expect(element.start).toBe(end)
            expect(element.end).toBeGreaterThanOrEqual(element.contentStart)
            expect(element.end).toBeLessThanOrEqual(bytes.length)
            end = element.end
          }
        } catch (error) {
          expect(error).toBeInstanceOf(CertificateError)
        }
      }),
      { numRuns: 2000 },
    )
  })

  it('reads whatever was written, and in no other form', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 0xff }).filter((tag) => (tag & 0x1f) !== 0x1f),
        fc.uint8Array({ maxLength: 400 }),
        (tag, content) => {
          const der = tlv(tag, content)
          const element = new DerReader(der).next(WHAT)
          expect(element.tag).toBe(tag)
          expect(contentOf(element)).toEqual(new Uint8Array(content))
          expect(tlv(tag, contentOf(element))).toEqual(derOf(element))
        },
      ),
    )
  })
})
