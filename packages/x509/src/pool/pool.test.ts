import { describe, expect, it } from 'vitest'
import { issue, issueCa, type Issued } from '../../test/certificates.ts'
import { CertificateError } from '../errors.ts'
import { certificatePool, certificatePoolOf } from './certificate-pool.ts'

const one = await issueCa({ subject: 'one' })
const two = await issueCa({ subject: 'two' })
const der = ({ certificate }: Issued): Uint8Array => certificate.der
const read = (pem: string): readonly Uint8Array[] => certificatePool(pem).certificates.map((each) => each.der)

const KEY = '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n'
const withHeader = one.pem.replace('CERTIFICATE-----\n', 'CERTIFICATE-----\nProc-Type: 4,ENCRYPTED\n\n')

describe('a bundle', () => {
  it.each([
    ['one certificate', one.pem, [der(one)]],
    ['two certificates', one.pem + two.pem, [der(one), der(two)]],
    ['the same one twice', one.pem + one.pem, [der(one)]],
    ['a key before', KEY + one.pem, [der(one)]],
    ['a key without an end behind', `${one.pem}-----BEGIN PUBLIC KEY-----\n`, [der(one)]],
    ['text around', `subject=whatever\n${one.pem}trailing text\n`, [der(one)]],
    ['line breaks of other systems', one.pem.replaceAll('\n', '\r\n'), [der(one)]],
    ['no line break at the end', one.pem.trimEnd(), [der(one)]],
    ['a byte order mark', `\uFEFF${one.pem}`, [der(one)]],
    ['a block with headers', withHeader + two.pem, [der(two)]],
  ])('with %s is read', (_, pem, expected) => {
    expect(read(pem)).toEqual(expected)
  })

  it.each([
    ['nothing', ''],
    ['no certificate', KEY],
    ['a block with headers alone', withHeader],
    ['a certificate that is none', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'],
    [
      'a certificate that is none beside one',
      `${one.pem}-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n`,
    ],
    ['an empty block', '-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n'],
    ['a block that is not base64', one.pem.replace('MII', 'M*I')],
    ['a block that is cut off', two.pem + one.pem.slice(0, -40)],
    ['a block in which another begins', one.pem.slice(0, 100) + two.pem],
    [
      'two certificates in one block',
      one.pem.replace(/\n-----END(.|\n)*/, `${btoa('\0')}\n-----END CERTIFICATE-----\n`),
    ],
  ])('with %s is refused', (_, pem) => {
    expect(() => certificatePool(pem)).toThrow(CertificateError)
  })
})

describe('a pool', () => {
  it('contains a certificate, not merely its like', async () => {
    const alike = await issue({ subject: 'one', keys: one.keys })
    const pool = certificatePoolOf([one.certificate])
    expect([pool.contains(one.certificate), pool.contains(alike.certificate)]).toEqual([true, false])
  })

  it('knows possible issuers by name', async () => {
    const leaf = await issue({ issuer: one })
    const pool = certificatePoolOf([two.certificate, one.certificate])
    expect(pool.possibleIssuers(leaf.certificate)).toEqual([one.certificate])
    expect(certificatePoolOf([two.certificate]).possibleIssuers(leaf.certificate)).toEqual([])
  })
})
