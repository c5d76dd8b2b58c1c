import { createPublicKey, generateKeyPairSync, X509Certificate } from 'node:crypto'
import { parseCertificate } from '@kube-authn/x509'
import { describe, expect, it } from 'vitest'
import { newKeyPair } from '../cli/key-pair.ts'
import {
  type CertificateAuthority,
  issueAuthority,
  issueClientCertificate,
  issueServerCertificate,
} from './node-authority.ts'

const lifetime = {
  notBefore: new Date('2026-01-01T00:00:00Z'),
  notAfter: new Date('2036-01-01T00:00:00Z'),
}

async function authorityWith(algorithm: string): Promise<CertificateAuthority> {
  const { privateKey } = newKeyPair(algorithm)
  const certificate = await issueAuthority({ privateKey, commonName: 'a CA', ...lifetime })
  return { privateKey, certificate: new X509Certificate(certificate) }
}

function read(pem: string) {
  const certificate = new X509Certificate(pem)
  const { extensions, subject } = parseCertificate(certificate.raw)
  return { certificate, extensions, subject }
}

describe('a CA', () => {
  it.each(['P-256', 'P-384', 'P-521', 'RSA-2048'])('with %s signs itself and others', async (algorithm) => {
    const authority = await authorityWith(algorithm)
    const ca = authority.certificate
    expect(ca.verify(createPublicKey(authority.privateKey))).toBe(true)
    const { publicKey } = newKeyPair('P-256')
    const issued = await issueServerCertificate(authority, {
      publicKey,
      commonName: 'a server',
      hosts: [],
      ...lifetime,
    })
    const { certificate } = read(issued)
    expect(certificate.checkIssued(ca) && certificate.verify(ca.publicKey)).toBe(true)
    expect(parseCertificate(ca.raw).extensions.keyUsage).toMatchObject({ keyCertSign: true })
  })

  it('must have an RSA or EC key', async () => {
    const { privateKey } = generateKeyPairSync('ed25519')
    await expect(issueAuthority({ privateKey, commonName: 'a CA', ...lifetime })).rejects.toThrow(
      'must be an RSA or EC key',
    )
  })
})

describe('a client certificate', () => {
  it.each([
    ['P-256', undefined],
    ['RSA-2048', 'uid-1'],
  ])('with %s and the uid %s is for clients only', async (algorithm, uid) => {
    const issued = await issueClientCertificate(await authorityWith('P-256'), {
      publicKey: newKeyPair(algorithm).publicKey,
      commonName: 'jane',
      organizations: ['a', 'b'],
      ...(uid !== undefined && { uid }),
      ...lifetime,
    })
    const { certificate, extensions, subject } = read(issued)
    expect(subject.attributes.map(({ type, value }) => [type, value])).toEqual([
      ['2.5.4.10', 'a'],
      ['2.5.4.10', 'b'],
      ['2.5.4.3', 'jane'],
      ...(uid === undefined ? [] : [['1.3.6.1.4.1.57683.2', uid]]),
    ])
    expect(certificate.keyUsage).toEqual(['1.3.6.1.5.5.7.3.2'])
    expect(certificate.subjectAltName).toBeUndefined()
    expect(certificate.ca).toBe(false)
    expect(extensions.keyUsage).toMatchObject({ keyCertSign: false })
    // BIT STRING: digital signature, and for RSA key encipherment.
    const bits = algorithm === 'P-256' ? '03020780' : '030205a0'
    expect(certificate.raw.toString('hex')).toContain(`0603551d0f0101ff0404${bits}`)
  })
})

describe('the certificate of a server', () => {
  it('has names and addresses, and is for servers only', async () => {
    const issued = await issueServerCertificate(await authorityWith('P-256'), {
      publicKey: newKeyPair('P-256').publicKey,
      commonName: 'kubernetes',
      hosts: ['localhost', '127.0.0.1', '::1', '0.0.0.1', '2001:db8::1'],
      ...lifetime,
    })
    const { certificate } = read(issued)
    expect(certificate.subject).toBe('CN=kubernetes')
    expect(certificate.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1'])
    expect(certificate.subjectAltName).toBe(
      'DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1, IP Address:0.0.0.1, IP Address:2001:DB8:0:0:0:0:0:1',
    )
  })
})
