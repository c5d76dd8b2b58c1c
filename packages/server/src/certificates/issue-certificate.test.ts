import 'reflect-metadata'
import { createPublicKey, webcrypto, X509Certificate } from 'node:crypto'
import * as library from '@peculiar/x509'
import { type Bytes, DerReader, derOf, parseCertificate, soleElement, Tag } from '@kube-authn/x509'
import { expect, it } from 'vitest'
import { authorityFor } from '../../test/file-authority.ts'
import { type CertificateContent, issueCertificate, signingAuthority } from './issue-certificate.ts'
import { issueAuthority } from './node-authority.ts'
import { newKeyPair } from '../cli/key-pair.ts'

const ip = (...octets: readonly number[]): CertificateContent['alternativeNames'][number] => ({
  kind: 'ip',
  octets: Uint8Array.from(octets),
})

const CONTENT: CertificateContent = {
  subject: [
    { type: '2.5.4.10', value: 'system:masters' },
    { type: '2.5.4.3', value: 'jane' },
    { type: '1.3.6.1.4.1.57683.2', value: 'ü' },
  ],
  publicKey: new Uint8Array(),
  alternativeNames: [
    { kind: 'uri', text: 'spiffe://example/ns' },
    ip(127, 0, 0, 1),
    ip(0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1),
    { kind: 'dns', text: 'kubernetes' },
    { kind: 'email', text: 'jane@example.com' },
  ],
  keyUsage: 0b101,
  extendedKeyUsages: ['1.3.6.1.5.5.7.3.1', '1.3.6.1.4.1.311.10.3.3'],
  notBefore: new Date('2026-01-02T03:04:05Z'),
  notAfter: new Date('2049-12-31T23:59:59Z'),
}

const CASES: Readonly<Record<string, Partial<CertificateContent>>> = {
  everything: {},
  'no subject': { subject: [] },
  'no names, no usages': { alternativeNames: [], keyUsage: 0, extendedKeyUsages: [] },
  'a time after 2049': { notAfter: new Date('2050-01-01T00:00:00Z') },
  'all usages': { keyUsage: 0b1_1111_1111 },
  'the eighth usage': { keyUsage: 0b1000_0000 },
  'the ninth usage': { keyUsage: 0b1_0000_0000 },
  'a length in one more octet': { subject: [{ type: '2.5.4.3', value: 'x'.repeat(200) }] },
  'a length in two more octets': { subject: [{ type: '2.5.4.3', value: 'é'.repeat(20_000) }] },
}

it.each(Object.entries(CASES))('a certificate is as another library writes it: %s', async (_, changes) => {
  const content = { ...CONTENT, publicKey: await publicKey(), ...changes }
  const authority = await signingAuthority(await pemAuthority('P-256'))
  const issued = derIn(await issueCertificate(authority, content))
  expect(signedPart(issued)).toEqual(signedPart(await written(issued, authority, content)))
})

it.each(['P-256', 'P-384', 'RSA-2048'] as const)(
  'the signature of a CA with %s is verified',
  async (kind) => {
    const pem = await pemAuthority(kind)
    const content = { ...CONTENT, publicKey: await publicKey() }
    // Numbers of a signature begin with a zero, or with a set bit, once in two times.
    for (let round = 0; round < 8; round++) {
      const issued = new X509Certificate(await issueCertificate(await signingAuthority(pem), content))
      const ca = new X509Certificate(pem.certificate)
      expect(issued.checkIssued(ca) && issued.verify(ca.publicKey)).toBe(true)
    }
  },
)

it('serial numbers differ, and have 128 bits', async () => {
  const authority = await signingAuthority(await pemAuthority('P-256'))
  const content = { ...CONTENT, publicKey: await publicKey() }
  const issued = [await issueCertificate(authority, content), await issueCertificate(authority, content)]
  const serials = issued.map((pem) => new X509Certificate(pem).serialNumber)
  expect(new Set(serials).size).toBe(2)
  for (const serial of serials) expect(serial).toMatch(/^[4-7][0-9A-F]{31}$/)
})

it.each<[string, Partial<CertificateContent>]>([
  ['a name with other characters', { alternativeNames: [{ kind: 'dns', text: 'bücher.example' }] }],
  ['no object identifier', { extendedKeyUsages: ['1.99'] }],
  ['a leading zero', { extendedKeyUsages: ['1.3.06'] }],
  ['a usage of no arcs', { extendedKeyUsages: ['3'] }],
  ['more than 64 KiB', { subject: [{ type: '2.5.4.3', value: 'x'.repeat(65_536) }] }],
])('it is not issued with %s', async (_, changes) => {
  const authority = await signingAuthority(await pemAuthority('P-256'))
  const content = { ...CONTENT, publicKey: await publicKey(), ...changes }
  await expect(issueCertificate(authority, content)).rejects.toThrow(
    /is not an object|other than ASCII|larger than 65536/,
  )
})

it.each<[string, readonly library.Extension[], boolean]>([
  ['of a CA', [basic()], true],
  ['of a CA that signs', [basic(), new library.KeyUsagesExtension(library.KeyUsageFlags.keyCertSign)], true],
  ['of a CA that does not', [basic(), new library.KeyUsagesExtension(library.KeyUsageFlags.cRLSign)], false],
  ['of a client', [new library.BasicConstraintsExtension(false)], false],
  ['that does not say', [], false],
])('whether the certificate %s is one to issue with', async (_, extensions, isOne) => {
  const keys = await webcrypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, [
    'sign',
    'verify',
  ])
  const made = await library.X509CertificateGenerator.createSelfSigned({ keys, extensions: [...extensions] })
  const key = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)
  const reading = signingAuthority({
    certificate: made.toString('pem'),
    privateKey: library.PemConverter.encode(key, 'PRIVATE KEY'),
  })
  const outcome = await reading.then(
    () => 'read',
    (error: unknown) => String(error),
  )
  expect(outcome).toBe(isOne ? 'read' : 'Error: the certificate of the CA is not for signing certificates')
})

it('a CA has one key, in PEM like its certificate', async () => {
  const [one, other] = [await pemAuthority('P-256'), await pemAuthority('P-256')]
  const { certificate } = one
  await expect(signingAuthority({ ...other, certificate })).rejects.toThrow('is not that of its certificate')
  await expect(signingAuthority({ ...one, certificate: 'x' })).rejects.toThrow('is not in PEM')
  await expect(signingAuthority({ ...one, certificate: one.privateKey })).rejects.toThrow('is not in PEM')
})

it('a CA identifies its key, and may sign certificates, but no CA', async () => {
  const privateKey = newKeyPair('P-256').privateKey
  const notBefore = new Date('2026-01-01T00:00:00Z')
  const pem = await issueAuthority({
    privateKey,
    commonName: 'a CA',
    notBefore,
    notAfter: new Date('2036-01-01T00:00:00Z'),
  })
  const certificate = new X509Certificate(pem)
  expect(certificate.ca && certificate.verify(createPublicKey(privateKey))).toBe(true)
  const { extensions } = parseCertificate(derIn(pem))
  expect(extensions.basicConstraints).toMatchObject({ isCa: true, pathLength: 0 })
  const expected = await library.SubjectKeyIdentifierExtension.create(
    new library.PublicKey(createPublicKey(privateKey).export({ type: 'spki', format: 'der' })),
  )
  expect(Buffer.from(extensions.subjectKeyIdentifier ?? []).toString('hex')).toBe(expected.keyId)
})

function basic(): library.Extension {
  return new library.BasicConstraintsExtension(true)
}

async function pemAuthority(
  kind: Parameters<typeof authorityFor>[0],
): Promise<Parameters<typeof signingAuthority>[0]> {
  const { certificatePem: certificate, privateKeyPem: privateKey } = await authorityFor(kind)
  return { certificate, privateKey }
}

async function publicKey(): Promise<Bytes> {
  const key = createPublicKey(newKeyPair('P-256').privateKey)
  return new Uint8Array(key.export({ type: 'spki', format: 'der' }))
}

function derIn(pem: string): Bytes {
  return new Uint8Array(new X509Certificate(pem).raw)
}

function signedPart(certificate: Bytes): string {
  const fields = new DerReader(soleElement(certificate, Tag.sequence, 'certificate'))
  return Buffer.from(derOf(fields.next('content'))).toString('hex')
}

/** The same content with the same serial number. */
async function written(
  issued: Bytes,
  { certificate: ca, key }: Awaited<ReturnType<typeof signingAuthority>>,
  content: CertificateContent,
): Promise<Bytes> {
  const types = { dns: 'dns', email: 'email', uri: 'url' } as const
  const order = ['dns', 'email', 'ip', 'uri']
  const names = content.alternativeNames
    .toSorted((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind))
    .map((name) =>
      name.kind === 'ip'
        ? { type: 'ip' as const, value: name.octets.length === 4 ? '127.0.0.1' : '2001:db8::1' }
        : { type: types[name.kind], value: name.text },
    )
  const keyId = Buffer.from(ca.extensions.subjectKeyIdentifier ?? []).toString('hex')
  const made = await library.X509CertificateGenerator.create({
    serialNumber: new X509Certificate(issued).serialNumber,
    subject: new library.Name(
      content.subject.map(({ type, value }) => ({
        [type]: [/^[\w:]*$/.test(value) ? { printableString: value } : { utf8String: value }],
      })),
    ),
    issuer: new library.Name(ca.subject.der),
    notBefore: content.notBefore,
    notAfter: content.notAfter,
    publicKey: content.publicKey,
    signingKey: key,
    signingAlgorithm: { name: 'ECDSA', hash: 'SHA-256' },
    extensions: [
      ...(content.keyUsage === 0 ? [] : [new library.KeyUsagesExtension(content.keyUsage, true)]),
      ...(content.extendedKeyUsages.length === 0
        ? []
        : [new library.ExtendedKeyUsageExtension([...content.extendedKeyUsages])]),
      new library.BasicConstraintsExtension(false, undefined, true),
      new library.AuthorityKeyIdentifierExtension(keyId),
      ...(names.length === 0
        ? []
        : [new library.SubjectAlternativeNameExtension(names, content.subject.length === 0)]),
    ],
  })
  return new Uint8Array(made.rawData)
}
