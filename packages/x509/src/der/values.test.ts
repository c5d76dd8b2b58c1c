import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { hex, integer, oid, tlv } from '../../test/der.ts'
import { CertificateError } from '../errors.ts'
import { type DerElement, DerReader } from './reader.ts'
import {
  bitsOf,
  booleanOf,
  integerOctets,
  objectIdentifier,
  smallImplicitInteger,
  smallInteger,
  unsignedOctets,
  wholeOctets,
} from './values.ts'

const element = (bytes: string | Uint8Array<ArrayBuffer>): DerElement =>
  new DerReader(typeof bytes === 'string' ? hex(bytes) : bytes).next('x')

describe('values in DER', () => {
  it('are read', () => {
    expect(booleanOf(element('01 01 ff'), 'x')).toBe(true)
    expect(booleanOf(element('01 01 00'), 'x')).toBe(false)
    expect(integerOctets(element('02 02 ff 7f'), 'x')).toEqual(hex('ff 7f'))
    expect(unsignedOctets(element('02 02 00 80'), 'x')).toEqual(hex('80'))
    expect(unsignedOctets(element('02 01 00'), 'x')).toEqual(hex(''))
    expect(smallInteger(element('02 04 7f ff ff ff'), 'x')).toBe(2 ** 31 - 1)
    expect(smallImplicitInteger(element('80 01 05'), 'x')).toBe(5)
    expect(bitsOf(element('03 02 01 06'), 'x')).toEqual({ octets: hex('06'), unusedBits: 1 })
    expect(bitsOf(element('03 01 00'), 'x')).toEqual({ octets: hex(''), unusedBits: 0 })
    expect(wholeOctets(element('03 03 00 01 ff'), 'x')).toEqual(hex('01 ff'))
  })

  it.each<readonly [string, (element: DerElement, what: string) => unknown, string]>([
    ['a BOOLEAN of 1', booleanOf, '01 01 01'],
    ['an empty BOOLEAN', booleanOf, '01 00'],
    ['a BOOLEAN of two octets', booleanOf, '01 02 ff ff'],
    ['something else as a BOOLEAN', booleanOf, '02 01 00'],
    ['an empty INTEGER', integerOctets, '02 00'],
    ['an INTEGER with a zero too many', integerOctets, '02 02 00 7f'],
    ['a negative INTEGER with ones too many', integerOctets, '02 02 ff 80'],
    ['something else as an INTEGER', integerOctets, '04 01 00'],
    ['a negative INTEGER', unsignedOctets, '02 01 80'],
    ['an INTEGER above 31 bits', smallInteger, '02 05 00 80 00 00 00'],
    ['an INTEGER of 32 bits', smallInteger, '02 05 00 ff ff ff ff'],
    ['a negative small INTEGER', smallInteger, '02 01 ff'],
    ['a BIT STRING without a count', bitsOf, '03 00'],
    ['a BIT STRING with 8 unused bits', bitsOf, '03 02 08 00'],
    ['a BIT STRING that is empty but for unused bits', bitsOf, '03 01 01'],
    ['a BIT STRING with an unused bit set', bitsOf, '03 02 01 01'],
    ['a BIT STRING of half an octet where whole ones are wanted', wholeOctets, '03 02 04 f0'],
    ['an empty OBJECT IDENTIFIER', objectIdentifier, '06 00'],
    ['an OBJECT IDENTIFIER that goes on', objectIdentifier, '06 02 2a 86'],
    ['an arc with a leading zero', objectIdentifier, '06 03 2a 80 01'],
    ['a first arc with a leading zero', objectIdentifier, '06 02 80 2a'],
    ['an OBJECT IDENTIFIER of 65 octets', objectIdentifier, `06 41 ${'01'.repeat(65)}`],
  ])('refuses %s', (_, read, bytes) => {
    expect(() => read(element(bytes), 'x')).toThrow(CertificateError)
  })

  it.each([
    '0.0',
    '0.39',
    '1.0',
    '1.39',
    '2.0',
    '2.47',
    '2.999.3',
    '1.2.840.113549.1.1.11',
    '2.25.329800735698586629295641978511506172918',
  ])('reads the object identifier %s', (dotted) => {
    expect(objectIdentifier(element(oid(dotted)), 'x')).toBe(dotted)
  })

  it('reads every object identifier as what it was', () => {
    const arc = fc.bigInt({ min: 0n, max: 2n ** 130n })
    const start = fc.oneof(
      fc.tuple(fc.constantFrom(0n, 1n), fc.bigInt({ min: 0n, max: 39n })),
      fc.tuple(fc.constant(2n), arc),
    )
    fc.assert(
      fc.property(start, fc.array(arc, { maxLength: 2 }), (first, others) => {
        const dotted = [...first, ...others].join('.')
        expect(objectIdentifier(element(oid(dotted)), 'x')).toBe(dotted)
      }),
    )
  })

  it('reads every small integer as what it was', () => {
    fc.assert(
      fc.property(fc.nat(), (value) => {
        expect(smallInteger(element(integer(value)), 'x')).toBe(value)
      }),
    )
  })

  it('never takes two encodings for the same object identifier', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 20 }), (content) => {
        let dotted: string
        try {
          dotted = objectIdentifier(element(tlv(0x06, content)), 'x')
        } catch {
          return
        }
        expect(oid(dotted)).toEqual(tlv(0x06, content))
      }),
      { numRuns: 1000 },
    )
  })
})
