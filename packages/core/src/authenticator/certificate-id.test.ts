import { describe, expect, it } from 'vitest'
import { attributeTypeOf, certificateIdOf } from './certificate-id.ts'

const CN = '2.5.4.3'
const O = '2.5.4.10'

/** Source: RFC 4514 section 3 and the registry of LDAP descriptors. */
const NAMES: Readonly<Record<string, string>> = {
  CN,
  SN: '2.5.4.4',
  SERIALNUMBER: '2.5.4.5',
  C: '2.5.4.6',
  L: '2.5.4.7',
  ST: '2.5.4.8',
  STREET: '2.5.4.9',
  O,
  OU: '2.5.4.11',
  TITLE: '2.5.4.12',
  GN: '2.5.4.42',
  DNQUALIFIER: '2.5.4.46',
  UID: '0.9.2342.19200300.100.1.1',
  DC: '0.9.2342.19200300.100.1.25',
  EMAILADDRESS: '1.2.840.113549.1.9.1',
}

describe('the id of a certificate', () => {
  it.each<[bigint, readonly (readonly [type: string, value: string])[], string]>([
    [255n, [], 'X509SERIAL=ff/'],
    [10n, [[CN, 'ca']], 'X509SERIAL=a/CN=ca'],
    [
      1n,
      [
        [O, 'b'],
        [CN, 'a'],
        [O, 'a'],
      ],
      'X509SERIAL=1/CN=a,O=a,O=b',
    ],
    [1n, [['1.2.3', 'x']], 'X509SERIAL=1/1.2.3=x'],
    [1n, [[CN, ' \uff21  B\t c ']], 'X509SERIAL=1/CN=a b c'],
    [1n, [[CN, String.raw`\"+,;<=>#a`]], String.raw`X509SERIAL=1/CN=\\\"\+\,\;\<\=\>\#a`],
    [1n, [[CN, 'a\0b\0']], String.raw`X509SERIAL=1/CN=a\00b\00`],
  ])('of the serial number %s and the issuer %j is %s', (serial, attributes, id) => {
    expect(
      certificateIdOf(serial, { attributes: attributes.map(([type, value]) => ({ type, value })) }),
    ).toBe(id)
  })

  it.each(Object.entries(NAMES))('has the name %s for %s, and reads it', (name, type) => {
    expect(certificateIdOf(1n, { attributes: [{ type, value: 'x' }] })).toBe(`X509SERIAL=1/${name}=x`)
    expect(attributeTypeOf(name)).toBe(type)
  })

  it.each([
    ['10.20.30', '10.20.30'],
    ['1', undefined],
    ['1.', undefined],
    ['x1.2', undefined],
    ['1.2x', undefined],
    ['1x2', undefined],
    ['cn', undefined],
    ['', undefined],
  ])('of %j reads the type %j', (written, type) => {
    expect(attributeTypeOf(written)).toBe(type)
  })
})
