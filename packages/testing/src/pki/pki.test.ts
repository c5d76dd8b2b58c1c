import { X509Certificate } from 'node:crypto'
import { connect, createServer, type TLSSocket } from 'node:tls'
import { describe, expect, test } from 'vitest'
import { fixedClock } from '../fixed-clock.ts'
import type { CertificateAuthority, IssuedCredential, KeyAlgorithm } from './certificate-authority.ts'
import { createPki } from './pki.ts'

const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2'
const SERVER_AUTH = '1.3.6.1.5.5.7.3.1'
const OID_OF_COMMON_NAME = [0x06, 0x03, 0x55, 0x04, 0x03]

const pki = await createPki()
const server = await pki.issueServer({ hosts: ['localhost', '127.0.0.1', '::1'] })

/** The result of Node's TLS for a client: `undefined` if it is authorized, otherwise the error. */
async function verdictOnClient(client: IssuedCredential, authority = pki): Promise<string | undefined> {
  const listener = createServer({
    key: server.privateKeyPem,
    cert: server.chainPem,
    ca: authority.caPem,
    requestCert: true,
    rejectUnauthorized: false,
  })
  try {
    await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve))
    const address = listener.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    const accepted = new Promise<TLSSocket>((resolve) => listener.once('secureConnection', resolve))
    const socket = connect({
      host: '127.0.0.1',
      port,
      servername: 'localhost',
      ca: pki.caPem,
      key: client.privateKeyPem,
      cert: client.chainPem,
    })
    await new Promise<void>((resolve, reject) => socket.once('secureConnect', resolve).once('error', reject))
    expect(socket.authorized).toBe(true)
    const { authorized, authorizationError } = await accepted
    socket.destroy()
    return authorized ? undefined : String(authorizationError)
  } finally {
    listener.close()
  }
}

describe('the certificates of createPki', () => {
  test.each<KeyAlgorithm>(['P-256', 'P-384', 'RSA-2048'])(
    'are accepted by TLS with %s keys',
    async (algorithm) => {
      const root = await createPki({ algorithm })
      const client = await root.issueClient({ commonName: 'jane' })
      expect(await verdictOnClient(client, root)).toBeUndefined()
    },
  )

  test('are accepted by TLS below two intermediates', async () => {
    const first = await pki.issueIntermediate({ commonName: 'first' })
    const second = await first.issueIntermediate({ commonName: 'second', pathLength: 0 })
    const client = await second.issueClient({ commonName: 'jane' })
    expect(client.chainDer).toHaveLength(3)
    expect(await verdictOnClient(client)).toBeUndefined()
    expect(second.caPem).toBe(pki.caPem)
  })

  test.each([
    ['expired', 'CERT_HAS_EXPIRED'],
    ['notYetValid', 'CERT_NOT_YET_VALID'],
    ['wrongPurpose', 'INVALID_PURPOSE'],
    ['selfSigned', 'DEPTH_ZERO_SELF_SIGNED_CERT'],
    ['forged', 'CERT_SIGNATURE_FAILURE'],
  ] as const)('are refused by TLS when they are wrong: %s', async (wrong, code) => {
    expect(await verdictOnClient(await pki.issueClient({ commonName: 'jane', wrong }))).toBe(code)
  })

  test('are refused by TLS against another authority', async () => {
    const stranger = await createPki()
    const client = await stranger.issueClient({ commonName: 'jane' })
    expect(await verdictOnClient(client)).toMatch(/^UNABLE_TO_/)
  })

  test('are refused by TLS below an intermediate that may not have one below it', async () => {
    const first = await pki.issueIntermediate({ commonName: 'first', pathLength: 0 })
    const second = await first.issueIntermediate({ commonName: 'second' })
    expect(await verdictOnClient(await second.issueClient({ commonName: 'jane' }))).toBe(
      'PATH_LENGTH_EXCEEDED',
    )
  })

  test('have a signature that another implementation verifies, every time', async () => {
    const authorityKey = new X509Certificate(pki.caPem).publicKey
    const issued = await Promise.all(
      Array.from({ length: 100 }, () => pki.issueClient({ commonName: 'jane' })),
    )
    const verdicts = issued.map(({ certificateDer }) =>
      new X509Certificate(certificateDer).verify(authorityKey),
    )
    expect(new Set(verdicts)).toEqual(new Set([true]))
    const serials = issued.map(({ certificatePem }) => new X509Certificate(certificatePem).serialNumber)
    expect(new Set(serials).size).toBe(100)
    expect(serials.every((serial) => /^[4-7][0-9A-F]{31}$/.test(serial))).toBe(true)
  })

  test('hold the private key of their public key', async () => {
    const { createPrivateKey } = await import('node:crypto')
    const certificate = new X509Certificate(server.certificatePem)
    expect(server.privateKeyPem).toMatch(/^-----BEGIN PRIVATE KEY-----\n/)
    expect(certificate.checkPrivateKey(createPrivateKey(server.privateKeyPem))).toBe(true)
  })
})

describe('a root', () => {
  const root = new X509Certificate(pki.caPem)

  test('is an authority that signed itself', () => {
    expect(root.ca).toBe(true)
    expect(root.checkIssued(root)).toBe(true)
    expect(root.verify(root.publicKey)).toBe(true)
    expect(pki.certificatePem).toBe(pki.caPem)
  })

  test('is called what it was told', async () => {
    const named = new X509Certificate((await createPki({ commonName: 'front proxy' })).caPem)
    expect(named.subject).toBe('CN=front proxy')
    expect(root.subject).toBe('CN=kube-authn test CA')
  })
})

describe('a server certificate', () => {
  const certificate = new X509Certificate(server.certificatePem)

  test('is for its hosts, names and addresses, and for servers', () => {
    expect(certificate.subjectAltName).toBe('DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1')
    expect(certificate.checkIP('127.0.0.1')).toBe('127.0.0.1')
    expect(certificate.keyUsage).toEqual([SERVER_AUTH])
    expect(certificate.ca).toBe(false)
  })

  test('is not for other hosts', () => {
    expect(certificate.checkHost('example.com')).toBeUndefined()
  })
})

describe('a client certificate', () => {
  const subjectOf = async (...parameters: Parameters<CertificateAuthority['issueClient']>): Promise<string> =>
    new X509Certificate((await pki.issueClient(...parameters)).certificatePem).subject

  test('has the organizations in order, then the name, then the uid', async () => {
    expect(await subjectOf({ commonName: 'jane', organizations: ['b', 'a', 'b'], uid: '42' })).toBe(
      'O=b\nO=a\nO=b\nCN=jane\n1.3.6.1.4.1.57683.2=42',
    )
  })

  test.each(['#0500', 'a,b+c="d"', 'żółć', ''])(
    'has the name %j as it is, not as a pattern',
    async (commonName) => {
      const { certificateDer } = await pki.issueClient({ commonName })
      const utf8 = Buffer.from(commonName)
      const attribute = [...OID_OF_COMMON_NAME, 0x0c, utf8.length, ...utf8]
      expect(Buffer.from(certificateDer).includes(Buffer.from(attribute))).toBe(true)
    },
  )

  test('may have no name', async () => {
    expect(await subjectOf({ organizations: ['developers'] })).toBe('O=developers')
  })

  test.each([
    ['clients only by default', undefined, [CLIENT_AUTH]],
    ['what it is told', ['serverAuth', 'any', '1.2.3'], [SERVER_AUTH, '2.5.29.37.0', '1.2.3']],
    ['anything, without the extension', [], undefined],
  ])('is for %s', async (_, extendedKeyUsages, expected) => {
    const { certificatePem } = await pki.issueClient({
      commonName: 'jane',
      ...(extendedKeyUsages !== undefined && { extendedKeyUsages }),
    })
    expect(new X509Certificate(certificatePem).keyUsage).toEqual(expected)
  })

  test('comes with its chain, leaf first and without the root', async () => {
    const intermediate = await pki.issueIntermediate({ commonName: 'intermediate' })
    const client = await intermediate.issueClient({ commonName: 'jane' })
    expect(client.chainDer).toEqual([client.certificateDer, intermediate.certificateDer])
    expect(client.chainPem).toBe(client.certificatePem + intermediate.certificatePem)
  })
})

describe('the validity of a certificate', () => {
  const clock = fixedClock(Date.UTC(2049, 11, 31, 12, 0, 0, 750))

  test('is counted from the injected clock, in whole seconds, and beyond 2049', async () => {
    const later = await createPki({ clock })
    const { certificatePem } = await later.issueClient({ commonName: 'jane' })
    const certificate = new X509Certificate(certificatePem)
    expect(certificate.validFrom).toBe('Dec 31 11:00:00 2049 GMT')
    expect(certificate.validTo).toBe('Jan  1 12:00:00 2050 GMT')
  })

  test('follows the clock from one certificate to the next', async () => {
    const moving = fixedClock(Date.UTC(2030, 0, 1))
    const later = await createPki({ clock: moving })
    moving.advance(3_600_000)
    const { certificatePem } = await later.issueClient({ commonName: 'jane' })
    expect(new X509Certificate(certificatePem).validFrom).toBe('Jan  1 00:00:00 2030 GMT')
  })

  test('is what it is told', async () => {
    const { certificatePem } = await pki.issueClient({
      commonName: 'jane',
      notBefore: new Date('2001-02-03T04:05:06Z'),
      notAfter: new Date('2002-02-03T04:05:06.9Z'),
    })
    const certificate = new X509Certificate(certificatePem)
    expect(certificate.validFrom).toBe('Feb  3 04:05:06 2001 GMT')
    expect(certificate.validTo).toBe('Feb  3 04:05:06 2002 GMT')
  })
})
