import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { cpuSecondsOf } from '../../../test/cpu-seconds.ts'
import {
  authorityKeyIdentifier,
  basicConstraints,
  CLIENT_AUTH,
  CN,
  extendedKeyUsage,
  issue,
  issueCa,
  keyUsage,
  nameConstraints,
  O,
  subjectAltName,
  subjectKeyIdentifier,
  UID,
} from '../test/certificates.ts'
import { concat, explicit, hex, implicit, oid, sequence, tlv } from '../test/der.ts'
import { ext, extensions, unsigned } from '../test/unsigned-certificate.ts'
import { CertificateError } from './errors.ts'
import { parseCertificate } from './certificate.ts'

const ca = await issueCa()
const rich = await issue({
  subject: [
    [O, 'zeta'],
    [CN, 'first'],
    [O, 'alpha', 0x13],
    [CN, 'last'],
    [UID, 'u-1'],
  ],
  issuer: ca,
  serialNumber: '0123456789abcdef',
  extensions: [
    basicConstraints(true, 3),
    keyUsage('keyCertSign'),
    extendedKeyUsage(CLIENT_AUTH),
    subjectAltName(
      'dns:example.com',
      'email:a@example.com',
      'uri:spiffe://a/b',
      'ip:10.0.0.1',
      'directory:x',
    ),
    nameConstraints({ permitted: ['dns:example.com', 'ip:10.0.0.0.255.0.0.0'], excluded: ['email:b@c'] }),
    subjectKeyIdentifier(hex('0a 0b')),
    authorityKeyIdentifier(hex('0c 0d')),
  ],
})

describe('any bytes at all', () => {
  const read = (bytes: Uint8Array): void => {
    try {
      parseCertificate(bytes)
    } catch (error) {
      expect(error).toBeInstanceOf(CertificateError)
    }
  }

  it('are a certificate or an error of ours', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 500 }), read), { numRuns: 2000 })
  })

  it('made from a certificate by changing bytes are one or an error of ours', () => {
    const change = fc.tuple(fc.nat({ max: rich.der.length - 1 }), fc.nat({ max: 255 }))
    const changes = fc.array(change, { minLength: 1, maxLength: 4 })
    fc.assert(
      fc.property(changes, (all) => {
        const bytes = rich.der.slice()
        for (const [index, value] of all) bytes[index] = value
        read(bytes)
      }),
      { numRuns: 5000 },
    )
  })

  it('made from a certificate by cutting something out or putting something in are one or an error of ours', () => {
    const place = fc.nat({ max: rich.der.length })
    fc.assert(
      fc.property(place, place, fc.uint8Array({ maxLength: 8 }), (from, to, inserted) => {
        read(concat(rich.der.subarray(0, from), new Uint8Array(inserted), rich.der.subarray(to)))
      }),
      { numRuns: 2000 },
    )
  })

  it('do not make a certificate of a part of one', () => {
    for (let length = 0; length < rich.der.length; length++) {
      expect(() => parseCertificate(rich.der.subarray(0, length))).toThrow(CertificateError)
    }
  })

  it.each<readonly [string, () => Uint8Array]>([
    [
      '20,000 names',
      () => ext('2.5.29.17', sequence(...Array.from({ length: 20_000 }, () => implicit(2, hex('61'))))),
    ],
    [
      '8,000 constraints',
      () =>
        ext(
          '2.5.29.30',
          sequence(explicit(0, ...Array.from({ length: 8000 }, () => sequence(implicit(2, hex('61')))))),
        ),
    ],
    ['15,000 usages', () => ext('2.5.29.37', sequence(...Array.from({ length: 15_000 }, () => oid('2.5'))))],
    [
      'an object identifier of 60,000 octets',
      () => ext('2.5.29.37', sequence(tlv(0x06, new Uint8Array(60_000).fill(0x81)))),
    ],
    ['sequences 12,000 deep', () => ext('2.5.29.17', hex('30 80'.repeat(12_000)))],
  ])('with %s are decided on in no time', (_, build) => {
    const bytes = unsigned({ extensions: extensions(build()) })
    expect(cpuSecondsOf(() => read(bytes))).toBeLessThan(1)
  })
})
