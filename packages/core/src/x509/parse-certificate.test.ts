import fc from 'fast-check'
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
  nameDer,
  O,
  subjectAltName,
  subjectKeyIdentifier,
  UID,
} from '../../test/certificates.ts'
import {
  bitString,
  boolean,
  concat,
  explicit,
  hex,
  implicit,
  integer,
  nothing,
  octetString,
  oid,
  sequence,
  text,
  tlv,
} from '../../test/der.ts'
import { CertificateError } from './errors.ts'
import { parseCertificate } from './parse-certificate.ts'
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

const ecdsaWithSha256 = sequence(oid('1.2.840.10045.4.3.2'))
const validity = sequence(text(0x17, '200101000000Z'), text(0x17, '300101000000Z'))
const point = concat(hex('04'), new Uint8Array(64).fill(1))
const ecKey = (curve: Uint8Array, key: Uint8Array): Uint8Array =>
  sequence(sequence(oid('1.2.840.10045.2.1'), curve), bitString(key))
const rsaKey = (modulus: Uint8Array, exponent: Uint8Array, parameters = nothing): Uint8Array =>
  sequence(sequence(oid('1.2.840.113549.1.1.1'), parameters), bitString(sequence(modulus, exponent)))
const p256 = oid('1.2.840.10045.3.1.7')

const EMPTY = new Uint8Array()
const fields = {
  version: explicit(0, integer(2)),
  serialNumber: integer(1),
  innerAlgorithm: ecdsaWithSha256,
  issuer: nameDer('CA'),
  validity,
  subject: nameDer('somebody'),
  publicKey: ecKey(p256, point),
  uniqueIds: EMPTY,
  extensions: EMPTY,
  afterTbs: EMPTY,
  algorithm: ecdsaWithSha256,
  signature: bitString(hex('00')),
  after: EMPTY,
  outside: EMPTY,
} satisfies Record<string, Uint8Array>

/** A certificate with some fields changed. Nobody signed it. */
function unsigned(changes: Partial<Record<keyof typeof fields, Uint8Array>> = {}): Uint8Array<ArrayBuffer> {
  const all: Record<keyof typeof fields, Uint8Array> = { ...fields, ...changes }
  const tbs = sequence(
    all.version,
    all.serialNumber,
    all.innerAlgorithm,
    all.issuer,
    all.validity,
    all.subject,
    all.publicKey,
    all.uniqueIds,
    all.extensions,
    all.afterTbs,
  )
  return concat(sequence(tbs, all.algorithm, all.signature, all.after), all.outside)
}

const extensions = (...list: readonly Uint8Array[]): Uint8Array => explicit(3, sequence(...list))
const ext = (id: string, value: Uint8Array, critical?: Uint8Array): Uint8Array =>
  sequence(oid(id), ...(critical === undefined ? [] : [critical]), octetString(value))

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

  it.each<readonly [string, Partial<Record<keyof typeof fields, Uint8Array>>, string]>([
    ['data behind it', { outside: hex('00') }, 'certificate: trailing data'],
    ['a fourth part', { after: nothing }, 'certificate: trailing data'],
    ['data behind its last field', { afterTbs: nothing }, 'tbsCertificate: trailing data'],
    ['version 1 in so many words', { version: explicit(0, integer(0)) }, 'version: not 2 or 3'],
    ['version 4', { version: explicit(0, integer(3)) }, 'version: not 2 or 3'],
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

  it.each([
    ['names of unknown kinds only', '2.5.29.17', sequence(explicit(4, nameDer('x')))],
    [
      'constraints on unknown kinds of names',
      '2.5.29.30',
      sequence(explicit(0, sequence(explicit(4, nameDer('x'))))),
    ],
    ['something unknown', '1.2.3', nothing],
  ])('that insists on %s is read, and remembered as not understood', (_, id, value) => {
    const insisting = unsigned({ extensions: extensions(ext(id, value, boolean(true))) })
    expect(parseCertificate(insisting).extensions.unhandledCritical).toEqual([id])
    const mentioning = unsigned({ extensions: extensions(ext(id, value)) })
    expect(parseCertificate(mentioning).extensions.unhandledCritical).toEqual([])
  })

  const cps = sequence(oid('1.3.6.1.5.5.7.2.1'), text(0x16, 'https://a'))
  it.each<readonly [string, string, Uint8Array]>([
    ['policies', '2.5.29.32', sequence(sequence(oid('2.5.29.32.0'), sequence(cps)), sequence(oid('1.2.3')))],
    [
      'CRL points',
      '2.5.29.31',
      sequence(sequence(explicit(0, explicit(0, implicit(6, hex('61'))))), sequence(explicit(2, nothing))),
    ],
    [
      'access descriptions',
      '1.3.6.1.5.5.7.1.1',
      sequence(sequence(oid('1.3.6.1.5.5.7.48.1'), implicit(6, hex('61')))),
    ],
    [
      'an authority key by name and number',
      '2.5.29.35',
      sequence(explicit(1, nameDer('x')), implicit(2, hex('01'))),
    ],
    ['no usage at all', '2.5.29.15', bitString(hex(''))],
    ['policy mappings', '2.5.29.33', sequence(sequence(oid('1.2.3'), oid('1.2.4')))],
    ['policy constraints', '2.5.29.36', sequence(implicit(0, hex('03')), implicit(1, hex('00')))],
    ['an end to anyPolicy', '2.5.29.54', integer(0)],
  ])('with %s is read', (_, id, value) => {
    expect(parseCertificate(unsigned({ extensions: extensions(ext(id, value)) })).version).toBe(3)
  })

  it.each<readonly [string, string, Uint8Array]>([
    ['an empty list of usages', '2.5.29.37', sequence()],
    ['usages that are no identifiers', '2.5.29.37', sequence(text(0x0c, 'clientAuth'))],
    ['usages with data behind them', '2.5.29.37', concat(sequence(oid(CLIENT_AUTH)), nothing)],
    ['a key usage that is a number', '2.5.29.15', integer(4)],
    [
      'basic constraints with a FALSE and more',
      '2.5.29.19',
      sequence(boolean(false), integer(0), integer(0)),
    ],
    ['a negative path length', '2.5.29.19', sequence(boolean(true), hex('02 01 ff'))],
    ['an IP address of five octets', '2.5.29.17', sequence(implicit(7, new Uint8Array(5)))],
    ['a DNS name beyond ASCII', '2.5.29.17', sequence(implicit(2, hex('c3 a9')))],
    ['an e-mail address beyond ASCII', '2.5.29.17', sequence(implicit(1, hex('c3 a9')))],
    ['a URI that is none', '2.5.29.17', sequence(implicit(6, new TextEncoder().encode('http://a b')))],
    ['no constraint on names', '2.5.29.30', sequence()],
    ['an empty list of permitted subtrees', '2.5.29.30', sequence(explicit(0))],
    [
      'subtrees in the wrong order',
      '2.5.29.30',
      sequence(explicit(1, sequence(implicit(2, hex('61')))), explicit(0, sequence(implicit(2, hex('61'))))),
    ],
    [
      'a subtree with a minimum',
      '2.5.29.30',
      sequence(explicit(0, sequence(implicit(2, hex('61')), implicit(0, hex('01'))))),
    ],
    [
      'a DNS constraint that is no domain',
      '2.5.29.30',
      sequence(explicit(0, sequence(implicit(2, new TextEncoder().encode('a..b'))))),
    ],
    [
      'an e-mail constraint that is no mailbox',
      '2.5.29.30',
      sequence(explicit(0, sequence(implicit(1, new TextEncoder().encode('@b'))))),
    ],
    [
      'a URI constraint that is an address',
      '2.5.29.30',
      sequence(explicit(0, sequence(implicit(6, new TextEncoder().encode('1.2.3.4'))))),
    ],
    [
      'an IP constraint with holes',
      '2.5.29.30',
      sequence(explicit(0, sequence(implicit(7, hex('0a 00 00 00 ff 00 ff 00'))))),
    ],
    ['a policy twice', '2.5.29.32', sequence(sequence(oid('1.2.3')), sequence(oid('1.2.3')))],
    ['no policy', '2.5.29.32', sequence()],
    ['a policy with an empty list of qualifiers', '2.5.29.32', sequence(sequence(oid('1.2.3'), sequence()))],
    [
      'a policy with a qualifier that is none',
      '2.5.29.32',
      sequence(sequence(oid('1.2.3'), sequence(sequence(integer(1))))),
    ],
    ['a mapping of anyPolicy', '2.5.29.33', sequence(sequence(oid('2.5.29.32.0'), oid('1.2.3')))],
    ['half a mapping', '2.5.29.33', sequence(sequence(oid('1.2.3')))],
    ['no constraint on policies', '2.5.29.36', sequence()],
    ['a negative constraint on policies', '2.5.29.36', sequence(implicit(0, hex('ff')))],
    [
      'a CRL point relative to its issuer',
      '2.5.29.31',
      sequence(sequence(explicit(0, explicit(1, nothing)))),
    ],
    ['a CRL point with something behind it', '2.5.29.31', sequence(sequence(nothing))],
    [
      'a CRL point beyond ASCII',
      '2.5.29.31',
      sequence(sequence(explicit(0, explicit(0, implicit(6, hex('ff')))))),
    ],
    ['no CRL point', '2.5.29.31', sequence()],
    [
      'an access description without a place',
      '1.3.6.1.5.5.7.1.1',
      sequence(sequence(oid('1.3.6.1.5.5.7.48.1'))),
    ],
    [
      'an access description of a number',
      '1.3.6.1.5.5.7.1.1',
      sequence(sequence(integer(1), implicit(6, hex('61')))),
    ],
    ['a subject key that is a number', '2.5.29.14', integer(1)],
    ['an authority key with something behind it', '2.5.29.35', sequence(implicit(0, hex('01')), nothing)],
  ])('with %s is refused', (_, id, value) => {
    expect(() => parseCertificate(unsigned({ extensions: extensions(ext(id, value)) }))).toThrow(
      expect.objectContaining({ code: 'malformed' }),
    )
  })

  it.each(['2.5.29.14', '2.5.29.35', '1.3.6.1.5.5.7.1.1'])('that insists on %s is refused', (id) => {
    const value = id === '2.5.29.14' ? octetString(hex('01')) : sequence(sequence(oid('1.2.3'), nothing))
    expect(() =>
      parseCertificate(unsigned({ extensions: extensions(ext(id, value, boolean(true))) })),
    ).toThrow('marked critical')
  })

  const pss = (...parameters: readonly Uint8Array[]): Uint8Array =>
    sequence(oid('1.2.840.113549.1.1.10'), sequence(...parameters))
  const sha256 = sequence(oid('2.16.840.1.101.3.4.2.1'))
  const sha384 = sequence(oid('2.16.840.1.101.3.4.2.2'))
  const mgf1 = (hash: Uint8Array): Uint8Array => explicit(1, sequence(oid('1.2.840.113549.1.1.8'), hash))
  it.each<readonly [string, Uint8Array]>([
    ['SHA-1 with RSA', sequence(oid('1.2.840.113549.1.1.5'), nothing)],
    ['SHA-224 with RSA', sequence(oid('1.2.840.113549.1.1.14'), nothing)],
    ['MD5 with RSA', sequence(oid('1.2.840.113549.1.1.4'), nothing)],
    ['SHA-1 with ECDSA', sequence(oid('1.2.840.10045.4.1'))],
    ['SHA-3 with ECDSA', sequence(oid('2.16.840.1.101.3.4.3.10'))],
    ['SHA-256 with DSA', sequence(oid('2.16.840.1.101.3.4.3.2'))],
    ['Ed25519 with parameters', sequence(oid('1.3.101.112'), nothing)],
    ['ECDSA with parameters', sequence(oid('1.2.840.10045.4.3.2'), sequence())],
    ['PSS without parameters', sequence(oid('1.2.840.113549.1.1.10'))],
    ['PSS with defaults, which are SHA-1', pss()],
    ['PSS with a short salt', pss(explicit(0, sha256), mgf1(sha256), explicit(2, integer(20)))],
    ['PSS with two hashes', pss(explicit(0, sha256), mgf1(sha384), explicit(2, integer(32)))],
    [
      'PSS with a trailer',
      pss(explicit(0, sha256), mgf1(sha256), explicit(2, integer(32)), explicit(3, integer(1))),
    ],
    [
      'PSS with parameters of its hash',
      pss(
        explicit(0, sequence(oid('2.16.840.1.101.3.4.2.1'), integer(1))),
        mgf1(sha256),
        explicit(2, integer(32)),
      ),
    ],
  ])('signed by %s has no algorithm to verify it by', (_, algorithm) => {
    const certificate = parseCertificate(unsigned({ algorithm, innerAlgorithm: algorithm }))
    expect(certificate.signatureAlgorithm).toBeUndefined()
  })
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
    const start = performance.now()
    read(bytes)
    expect(performance.now() - start).toBeLessThan(500)
  })
})
