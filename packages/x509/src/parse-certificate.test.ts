import { describe, expect, it } from 'vitest'
import {
  authorityKeyIdentifier,
  basicConstraints,
  CLIENT_AUTH,
  CN,
  extendedKeyUsage,
  issue,
  issueCa,
  type KeyAlgorithmName,
  keyUsage,
  nameConstraints,
  O,
  subjectAltName,
  subjectKeyIdentifier,
  UID,
} from '../test/certificates.ts'
import {
  bitString,
  concat,
  explicit,
  hex,
  implicit,
  integer,
  nothing,
  oid,
  sequence,
  text,
  tlv,
} from '../test/der.ts'
import {
  type Changes,
  ecKey,
  EMPTY,
  ext,
  extensions,
  p256,
  point,
  rsaKey,
  unsigned,
} from '../test/unsigned-certificate.ts'
import { parseCertificate } from './certificate.ts'
import { valuesOf } from './name.ts'

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

describe('a certificate', () => {
  it('is read, with everything that a decision depends on', () => {
    const { certificate, der } = rich
    expect(certificate).toMatchObject({
      version: 3,
      serialNumber: 0x0123456789abcdefn,
      notBeforeMs: Date.parse('2020-01-01T00:00:00Z'),
      notAfterMs: Date.parse('2120-01-01T00:00:00Z'),
      publicKey: { kind: 'EC', curve: { name: 'P-256' } },
      signatureAlgorithm: { name: 'ECDSA', hash: 'SHA-256' },
      extensions: {
        basicConstraints: { isCa: true, pathLength: 3 },
        keyUsage: { keyCertSign: true },
        extendedKeyUsage: [CLIENT_AUTH],
        subjectKeyIdentifier: hex('0a 0b'),
        authorityKeyIdentifier: hex('0c 0d'),
        unhandledCritical: [],
      },
    })
    expect(certificate.der).toEqual(der)
    expect(certificate.extensions.subjectAltName?.names.map(({ kind }) => kind)).toEqual([
      'dns',
      'email',
      'uri',
      'ip',
    ])
    expect(certificate.extensions.nameConstraints).toMatchObject({ hasUnsupportedForms: false })
  })

  it('keeps the attributes of its subject in order', () => {
    const { subject } = rich.certificate
    expect(subject.attributes.map(({ value }) => value)).toEqual(['zeta', 'first', 'alpha', 'last', 'u-1'])
    expect(valuesOf(subject, O)).toEqual(['zeta', 'alpha'])
  })

  it('does not change with the bytes it was read from', () => {
    const der = rich.der.slice()
    const certificate = parseCertificate(der)
    der.fill(0)
    expect(certificate.der).toEqual(rich.der)
    expect(certificate.signedBytes[0]).toBe(0x30)
  })

  it.each<readonly [KeyAlgorithmName, object, object]>([
    ['P-384', { kind: 'EC', curve: { name: 'P-384' } }, { name: 'ECDSA', hash: 'SHA-384' }],
    ['P-521', { kind: 'EC', curve: { name: 'P-521' } }, { name: 'ECDSA', hash: 'SHA-512' }],
    [
      'RSA',
      { kind: 'RSA', modulusBits: 2048, exponent: 65_537 },
      { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' },
    ],
    ['RSA-PSS', { kind: 'RSA', modulusBits: 2048 }, { name: 'RSA-PSS', hash: 'SHA-384', saltLength: 48 }],
    ['Ed25519', { kind: 'Ed25519' }, { name: 'Ed25519' }],
  ])('with a key of %s is read', async (algorithm, publicKey, signatureAlgorithm) => {
    const { certificate } = await issue({ algorithm })
    expect(certificate).toMatchObject({ publicKey, signatureAlgorithm })
  })

  it('signed with SHA-1 is read, with no algorithm to verify it by', async () => {
    const { certificate } = await issue({ algorithm: 'RSA-SHA-1' })
    expect(certificate.signatureAlgorithm).toBeUndefined()
  })

  it('of more than 64 KiB is not read', () => {
    expect(() => parseCertificate(new Uint8Array(65_537))).toThrow(
      expect.objectContaining({ code: 'limit', message: 'x509: certificate is larger than 65536 bytes' }),
    )
  })
})

describe('a certificate that is put together by hand', () => {
  it.each([
    ['as it should be', {}, 3],
    ['of version 1', { version: EMPTY }, 1],
    [
      'of version 2 with unique identifiers',
      { version: explicit(0, integer(1)), uniqueIds: implicit(1, hex('00 01')) },
      2,
    ],
    ['with the serial number 0', { serialNumber: integer(0) }, 3],
    ['with an empty subject', { subject: sequence() }, 3],
    ['with a list of no extensions', { extensions: extensions() }, 3],
    [
      'with a key of an unknown kind',
      { publicKey: sequence(sequence(oid('1.3.101.110')), bitString(hex('01'))) },
      3,
    ],
    ['with an RSA key of 1,024 bits', { publicKey: rsaKey(integer(2n ** 1023n + 1n), integer(3)) }, 3],
  ])('%s is read', (_, changes, version) => {
    expect(parseCertificate(unsigned(changes)).version).toBe(version)
  })

  it.each<readonly [string, Changes, string]>([
    ['data behind it', { outside: hex('00') }, 'certificate: trailing data'],
    ['a fourth part', { after: nothing }, 'certificate: trailing data'],
    ['data behind its last field', { afterTbs: nothing }, 'tbsCertificate: trailing data'],
    ['version 1 in so many words', { version: explicit(0, integer(0)) }, 'version: not 2 or 3'],
    ['version 4', { version: explicit(0, integer(3)) }, 'version: not 2 or 3'],
    ['a version that is too long', { version: hex('a0 83 ff ff ff') }, 'version: runs past its parent'],
    ['two versions', { version: explicit(0, integer(2), integer(2)) }, 'version: trailing data'],
    ['a negative serial number', { serialNumber: hex('02 01 ff') }, 'serialNumber: INTEGER is negative'],
    ['a serial number of 61 octets', { serialNumber: integer(2n ** 480n) }, 'serialNumber: too long'],
    [
      'two algorithms',
      { innerAlgorithm: sequence(oid('1.3.101.112')) },
      'signatureAlgorithm: inner and outer one differ',
    ],
    ['half an octet of signature', { signature: bitString(hex('f0'), 4) }, 'signature: not whole octets'],
    ['one time', { validity: sequence(text(0x17, '200101000000Z')) }, 'validity: truncated'],
    [
      'three times',
      { validity: sequence(...Array.from({ length: 3 }, () => text(0x17, '200101000000Z'))) },
      'validity: trailing data',
    ],
    ['a subject that is a set', { subject: tlv(0x31) }, 'subject: wrong tag'],
    ['an empty RDN', { subject: sequence(tlv(0x31)) }, 'subject: truncated'],
    [
      'an attribute without a value',
      { subject: sequence(tlv(0x31, sequence(oid(CN)))) },
      'subject: truncated',
    ],
    [
      'an attribute with two values',
      { subject: sequence(tlv(0x31, sequence(oid(CN), text(12, 'a'), text(12, 'b')))) },
      'subject: trailing data',
    ],
    [
      'a name that is a number',
      { subject: sequence(tlv(0x31, sequence(oid(CN), integer(1)))) },
      'subject: unsupported string type',
    ],
    [
      'a UID that is a number',
      { subject: sequence(tlv(0x31, sequence(oid(UID), integer(1)))) },
      'subject: unsupported string type',
    ],
    [
      'an issuer in a UniversalString',
      { issuer: sequence(tlv(0x31, sequence(oid(CN), tlv(0x1c, hex('00 00 00 61'))))) },
      'issuer: unsupported string type',
    ],
    [
      'a unique identifier in version 1',
      { version: EMPTY, uniqueIds: implicit(1, hex('00 01')) },
      'uniqueId: in version 1',
    ],
    [
      'a unique identifier that is no bit string',
      { uniqueIds: implicit(2, hex('30 5e')) },
      'uniqueId: bad BIT STRING',
    ],
    [
      'a unique identifier that is too long',
      { uniqueIds: hex('81 83 ff ff ff') },
      'uniqueId: runs past its parent',
    ],
    ['an empty unique identifier', { uniqueIds: implicit(1, hex('')) }, 'uniqueId: bad BIT STRING'],
    [
      'a unique identifier with bits that do not count',
      { uniqueIds: implicit(1, hex('01 01')) },
      'uniqueId: bad BIT STRING padding',
    ],
    [
      'extensions in version 2',
      { version: explicit(0, integer(1)), extensions: extensions(ext('1.2.3', nothing)) },
      'extensions: not in version 3',
    ],
    [
      'two lists of extensions',
      { extensions: explicit(3, sequence(ext('1.2.3', nothing)), sequence()) },
      'extensions: trailing data',
    ],
    [
      'extensions that are too long',
      { extensions: hex('a3 83 ff ff ff') },
      'extensions: runs past its parent',
    ],
    [
      'an extension twice',
      { extensions: extensions(ext('1.2.3', nothing), ext('1.2.3', nothing)) },
      'extensions: the same one twice',
    ],
    [
      'an extension with a number for critical',
      { extensions: extensions(ext('1.2.3', nothing, integer(1))) },
      'extension: wrong tag',
    ],
    [
      'an extension without a value',
      { extensions: extensions(sequence(oid('1.2.3'))) },
      'extension: truncated',
    ],
    [
      'a key on P-224',
      { publicKey: ecKey(oid('1.3.132.0.33'), point) },
      'EC key: unsupported elliptic curve',
    ],
    [
      'a key on secp256k1',
      { publicKey: ecKey(oid('1.3.132.0.10'), point) },
      'EC key: unsupported elliptic curve',
    ],
    ['a curve of its own', { publicKey: ecKey(sequence(), point) }, 'EC key: curve is not a named one'],
    [
      'a compressed point',
      { publicKey: ecKey(p256, concat(hex('02'), new Uint8Array(32))) },
      'EC key: not a whole point',
    ],
    [
      'a point that is too short',
      { publicKey: ecKey(p256, point.subarray(0, 64)) },
      'EC key: not a whole point',
    ],
    [
      'an RSA key without NULL',
      { publicKey: rsaKey(integer(5), integer(3), sequence()) },
      'RSA key: parameters are not NULL',
    ],
    [
      'a negative modulus',
      { publicKey: rsaKey(hex('02 01 ff'), integer(3)) },
      'RSA key: INTEGER is negative',
    ],
    ['a modulus of 0', { publicKey: rsaKey(integer(0), integer(3)) }, 'RSA key: not positive'],
    ['an exponent of 0', { publicKey: rsaKey(integer(5), integer(0)) }, 'RSA key: not positive'],
    [
      'an exponent of 33 bits',
      { publicKey: rsaKey(integer(5), integer(2n ** 32n)) },
      'RSA key: INTEGER is too large',
    ],
    [
      'an Ed25519 key with parameters',
      { publicKey: sequence(sequence(oid('1.3.101.112'), nothing), bitString(new Uint8Array(32))) },
      'Ed25519 key: wrong form',
    ],
    [
      'an Ed25519 key of 31 octets',
      { publicKey: sequence(sequence(oid('1.3.101.112')), bitString(new Uint8Array(31))) },
      'Ed25519 key: wrong form',
    ],
  ])('with %s is refused', (_, changes, message) => {
    expect(() => parseCertificate(unsigned(changes))).toThrow(`x509: malformed ${message}`)
  })
})
