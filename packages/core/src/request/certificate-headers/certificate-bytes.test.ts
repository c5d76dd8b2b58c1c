import { describe, expect, it } from 'vitest'
import { boundedChain, boundedValue, certificateOfBase64 } from './certificate-bytes.ts'
import { certificatesOfEscapedPem } from './escaped-pem.ts'

const base64 = (...bytes: readonly number[]): string => Buffer.from(bytes).toString('base64')
const zeros = (length: number): readonly number[] => Array.from({ length }, () => 0)
/** Some SEQUENCE with content of this length. */
const sequence = (length: number): readonly number[] =>
  length < 0x80
    ? [0x30, length, ...zeros(length)]
    : length < 0x100
      ? [0x30, 0x81, length, ...zeros(length)]
      : [0x30, 0x82, length >> 8, length & 0xff, ...zeros(length)]

describe('the bytes of a certificate in a header', () => {
  it.each([0, 1, 0x7f, 0x80, 0xff, 0x100, 0x1234, 65_532])('are one SEQUENCE, of %d bytes', (length) => {
    expect([...certificateOfBase64('H', base64(...sequence(length)))]).toEqual(sequence(length))
  })

  it.each([
    ['no SEQUENCE', [0x31, 0]],
    ['nothing', []],
    ['one byte less', [0x30, 2, 0]],
    ['one byte more', [0x30, 1, 0, 0]],
    ['a length that fits into one byte', [0x30, 0x81, 0x7f, ...zeros(0x7f)]],
    ['one byte more than 255', [0x30, 0x81, 0xff, ...zeros(0x100)]],
    ['a length that fits into one byte, in two', [0x30, 0x82, 0, 0xff, ...zeros(0xff)]],
    ['one byte less than 256', [0x30, 0x82, 1, 0, ...zeros(0xff)]],
    ['no length', [0x30, 0x80, 0, 0]],
    ['three bytes of length', [0x30, 0x83, 0, 1, 0, ...zeros(0x100)]],
  ])('are refused with %s', (_, bytes) => {
    expect(() => certificateOfBase64('H', base64(...bytes))).toThrow('H has a certificate that is not in')
  })

  it('are at most 65,536', () => {
    const most = [0x30, 0x82, 0xff, 0xfc, ...zeros(0xfffc)]
    expect(certificateOfBase64('H', base64(...most))).toHaveLength(65_536)
    expect(() => certificateOfBase64('H', base64(...most, 0))).toThrow('more than 65536 bytes')
  })

  it('are of at most ten certificates, in a header of at most 1 MiB', () => {
    const chain = (length: number) => Array.from({ length }, () => new Uint8Array())
    expect(boundedChain('H', chain(10))).toHaveLength(10)
    expect(() => boundedChain('H', chain(11))).toThrow('H has more than 10 certificates')
    expect(boundedValue('H', 'x'.repeat(1_048_576))).toHaveLength(1_048_576)
    expect(() => boundedValue('H', 'x'.repeat(1_048_577))).toThrow('H is too long')
  })
})

describe('certificates in percent-encoded PEM', () => {
  const pem = `-----BEGIN CERTIFICATE-----\n${base64(...sequence(3))}\n-----END CERTIFICATE-----`

  it.each([
    ['one', pem, 1],
    ['one with a line end', `${pem}\n`, 1],
    ['one with line ends of Windows', `${pem}\n`.replaceAll('\n', '\r\n'), 1],
    ['two', `${pem}\n${pem}`, 2],
    ['ten', Array.from({ length: 10 }, () => pem).join('\n'), 10],
  ])('can be %s', (_, text, count) => {
    expect(certificatesOfEscapedPem('H', encodeURIComponent(text))).toHaveLength(count)
  })

  it.each([
    ['none', ''],
    ['something behind', `${pem} `],
    ['two without a line end between', pem + pem],
    ['an empty line at the end', `${pem}\n\n`],
    ['eleven', Array.from({ length: 11 }, () => pem).join('\n')],
    ['one that is cut off', pem.slice(0, -1)],
  ])('cannot be %s', (_, text) => {
    expect(() => certificatesOfEscapedPem('H', encodeURIComponent(text))).toThrow(/^H has /)
  })
})
