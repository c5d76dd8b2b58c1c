import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { cpuSecondsOf } from '../../../test/cpu-seconds.ts'
import {
  type Attribute,
  basicConstraints,
  CN,
  extension,
  type KeyAlgorithmName,
  keyPair,
  keyUsage,
  O,
  subjectAltName,
} from '../test/certificates.ts'
import { explicit, hex, implicit, integer, nothing, oid, sequence, set, text, tlv } from '../test/der.ts'
import { extensionRequest, requestDer, rsaSpki } from '../test/requests.ts'
import {
  type CertificateRequest,
  parseCertificateRequest,
  verifyCertificateRequest,
} from './certificate-request.ts'
import { CertificateError } from './errors.ts'
import { valuesOf } from './name.ts'

const ALGORITHMS: readonly KeyAlgorithmName[] = ['P-256', 'P-384', 'P-521', 'RSA', 'RSA-PSS', 'Ed25519']

const verified = async (der: Uint8Array): Promise<string> =>
  (await verifyCertificateRequest(parseCertificateRequest(der)))?.message ?? 'valid'

function problemOf(der: Uint8Array): string {
  try {
    parseCertificateRequest(der)
    return 'none'
  } catch (error) {
    if (!(error instanceof CertificateError)) throw error
    return `${error.code}: ${error.message}`
  }
}

describe('a request', () => {
  it.each(ALGORITHMS)('with a key of %s is verified', async (algorithm) => {
    expect(await verified(await requestDer({ algorithm }))).toBe('valid')
  })

  it('has a subject, a key and names', async () => {
    const names = ['dns:a.example', 'email:a@b.example', 'uri:spiffe://a/b', 'ip:10.0.0.1', 'directory:x']
    const der = await requestDer({
      subject: [
        [O, 'b'],
        [O, 'a', 0x13],
        [CN, 'jane'],
      ],
      extensions: [basicConstraints(true), subjectAltName(...names), keyUsage('keyCertSign')],
    })
    const { subject, publicKey, alternativeNames } = parseCertificateRequest(der)
    expect([valuesOf(subject, O), valuesOf(subject, CN)]).toEqual([['b', 'a'], ['jane']])
    expect(publicKey).toMatchObject({ kind: 'EC', curve: { name: 'P-256' } })
    expect(alternativeNames).toEqual([
      { kind: 'dns', text: 'a.example' },
      { kind: 'email', text: 'a@b.example' },
      { kind: 'uri', text: 'spiffe://a/b' },
      { kind: 'ip', octets: Uint8Array.of(10, 0, 0, 1) },
    ])
  })

  it('may have no subject, no extensions, and attributes of other kinds', async () => {
    const password = sequence(oid('1.2.840.113549.1.9.7'), set(text(0x0c, 'secret')))
    const der = await requestDer({ subject: [], attributes: [password, extensionRequest([])] })
    expect(parseCertificateRequest(der)).toMatchObject({ subject: { attributes: [] }, alternativeNames: [] })
    expect(await verified(der)).toBe('valid')
  })

  it('is not changed by later changes of the bytes', async () => {
    const der = await requestDer()
    const request = parseCertificateRequest(der)
    der.fill(0)
    expect(await verifyCertificateRequest(request)).toBeUndefined()
  })

  it('is verified as it was when it was given', async () => {
    const request: { publicKey: CertificateRequest['publicKey'] } & CertificateRequest = {
      ...parseCertificateRequest(await requestDer()),
    }
    const { publicKey: other } = parseCertificateRequest(await requestDer({ algorithm: 'RSA' }))
    const verdict = verifyCertificateRequest(request)
    request.publicKey = other
    expect(await verdict).toBeUndefined()
  })
})

describe('a request that is not signed by its key', () => {
  it.each(ALGORITHMS)('is refused: another key of %s', async (algorithm) => {
    const der = await requestDer({ algorithm, signedWith: await keyPair(algorithm) })
    expect(await verified(der)).toMatch(/^x509: .* verification failure$/)
  })

  it('is refused: another byte', async () => {
    const der = await requestDer()
    der[der.indexOf(0x6a)] = 0x6b
    expect(await verified(der)).toBe('x509: ECDSA verification failure')
  })

  it.each<[string, Parameters<typeof requestDer>[0]]>([
    ['SHA-1', { algorithm: 'RSA-SHA-1' }],
    ['MD5', { algorithm: 'RSA', signatureAlgorithm: sequence(oid('1.2.840.113549.1.1.4'), nothing) }],
    ['an unknown algorithm', { signatureAlgorithm: sequence(oid('1.2.3.4')) }],
    ['the algorithm of another kind of key', { signatureAlgorithm: sequence(oid('1.3.101.112')) }],
    ['an unknown kind of key', { spki: sequence(sequence(oid('1.2.3.4')), tlv(0x03, hex('00 01'))) }],
    ['an RSA key of 512 bits', { spki: rsaSpki(512), signatureAlgorithm: RSA_SHA256() }],
    ['an RSA key of 8,200 bits', { spki: rsaSpki(8200), signatureAlgorithm: RSA_SHA256() }],
    ['an RSA key of 262,144 bits', { spki: rsaSpki(262_144), signatureAlgorithm: RSA_SHA256() }],
  ])('is refused without a calculation: %s', async (_, init) => {
    expect(await verified(await requestDer(init))).toMatch(/^x509: cannot verify signature: /)
  })
})

function RSA_SHA256(): Uint8Array {
  return sequence(oid('1.2.840.113549.1.1.11'), nothing)
}

describe('a request that cannot be read', async () => {
  const der = await requestDer({ extensions: [subjectAltName('dns:a.example')] })

  it.each<[string, Uint8Array]>([
    ['nothing', new Uint8Array()],
    ['trailing data', Uint8Array.of(...der, 0)],
    ['an indefinite length', Uint8Array.of(0x30, 0x80, ...der.subarray(4), 0, 0)],
    ['a certificate', sequence(sequence(explicit(0, integer(2))), sequence(), integer(1))],
    ['no attributes', await requestWithout()],
    ['two values of the request', await requestDer({ attributes: [extensionRequest([], [])] })],
    [
      'an extension twice',
      await requestDer({ extensions: [subjectAltName('dns:a'), subjectAltName('dns:b')] }),
    ],
    [
      'an extension in two attributes',
      await requestDer({
        attributes: [
          extensionRequest([subjectAltName('dns:a')]),
          extensionRequest([subjectAltName('dns:b')]),
        ],
      }),
    ],
    [
      'an address of five bytes',
      await requestDer({
        extensions: [extension('2.5.29.17', sequence(implicit(7, hex('01 02 03 04 05'))))],
      }),
    ],
    [
      'a name that is not ASCII',
      await requestDer({ extensions: [extension('2.5.29.17', sequence(implicit(2, hex('ff'))))] }),
    ],
    ['a subject of numbers', await requestDer({ subject: [[CN, '1', 0x02]] })],
  ])('is malformed: %s', (_, bytes) => {
    expect(problemOf(bytes)).toMatch(/^malformed: x509: malformed /)
  })

  it('is malformed wherever it is cut off', () => {
    for (let length = 0; length < der.length; length++) {
      expect(problemOf(der.subarray(0, length))).toMatch(/^malformed: /)
    }
  })

  it('is refused if it is larger than 64 KiB', async () => {
    const attributes = Array.from({ length: 10_000 }, (_, index): Attribute => [O, `group-${index}`])
    const many = await requestDer({ subject: attributes })
    expect(problemOf(many)).toBe('limit: x509: certificate request is larger than 65536 bytes')
    expect(cpuSecondsOf(() => problemOf(many))).toBeLessThan(1)
    const fewer = await requestDer({ subject: attributes.slice(0, 2500) })
    expect(problemOf(fewer)).toBe('none')
  })

  it('is one or an error of ours, whatever its bytes are', () => {
    const change = fc.tuple(fc.nat({ max: der.length - 1 }), fc.nat({ max: 255 }))
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), (changes) => {
        const bytes = der.slice()
        for (const [index, value] of changes) bytes[index] = value
        expect(() => problemOf(bytes)).not.toThrow()
      }),
      { numRuns: 2000 },
    )
  })
})

/** A request whose attributes are left out, as by some old programs. */
async function requestWithout(): Promise<Uint8Array> {
  const { subject, publicKey }: CertificateRequest = parseCertificateRequest(await requestDer())
  const info = sequence(integer(0), subject.der, publicKey.spki)
  return sequence(info, sequence(oid('1.2.840.10045.4.3.2')), tlv(0x03, hex('00 01')))
}
