import { describe, expect, it } from 'vitest'
import { issue, NOW_MS } from '../../test/certificates.ts'
import { bitString, hex, oid, sequence } from '../../test/der.ts'
import { unsigned } from '../../test/unsigned-certificate.ts'
import { certificatePoolOf, parseCertificate, verifyCertificateChain } from '../index.ts'
import type { PublicKey } from '../public-key.ts'
import type { SignatureAlgorithm } from '../signature-algorithm.ts'
import { checkLeafKey, verificationKey } from './verification-key.ts'

const rsa = await issue({ algorithm: 'RSA' })
const { spki } = rsa.certificate.publicKey
const rsaKey = (modulusBits: number, exponent: number): PublicKey => ({
  kind: 'RSA',
  spki,
  modulusBits,
  exponent,
})
const RSA: SignatureAlgorithm = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }
const ECDSA: SignatureAlgorithm = { name: 'ECDSA', hash: 'SHA-256' }

describe('a key to verify with', () => {
  it.each<readonly [string, PublicKey, SignatureAlgorithm, boolean]>([
    ['RSA of 1,024 bits', rsaKey(1024, 65_537), RSA, true],
    ['RSA of 1,023 bits', rsaKey(1023, 65_537), RSA, false],
    ['RSA of 8,192 bits', rsaKey(8192, 3), RSA, true],
    ['RSA of 8,193 bits', rsaKey(8193, 65_537), RSA, false],
    ['RSA with an exponent of 1', rsaKey(2048, 1), RSA, false],
    ['RSA with an even exponent', rsaKey(2048, 65_536), RSA, false],
    ['RSA for ECDSA', rsaKey(2048, 65_537), ECDSA, false],
    ['something unknown', { kind: 'other', spki }, RSA, false],
  ])('%s', async (_, key, algorithm, expected) => {
    const ready = await verificationKey(key, algorithm)
    expect(ready !== undefined).toBe(expected)
  })

  it('is imported once', () => {
    const key = rsaKey(2048, 65_537)
    expect(verificationKey(key, RSA)).toBe(verificationKey(key, RSA))
    expect(verificationKey(key, RSA)).not.toBe(
      verificationKey(key, { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-512' }),
    )
  })
})

describe('the key of a leaf', () => {
  it('of an unsupported kind is refused, even in a certificate that is trusted itself', async () => {
    const x25519 = sequence(sequence(oid('1.3.101.110')), bitString(hex('01')))
    const leaf = parseCertificate(unsigned({ publicKey: x25519 }))
    const roots = certificatePoolOf([leaf])
    const verification = verifyCertificateChain({ leaf, roots, intermediates: roots, nowMs: NOW_MS })
    await expect(verification).rejects.toThrow('unsupported public key algorithm')
  })

  it.each<readonly [string, PublicKey, boolean]>([
    ['1,024 bits', rsaKey(1024, 65_537), true],
    ['8,192 bits', rsaKey(8192, 3), true],
    ['1,023 bits', rsaKey(1023, 65_537), false],
    ['768 bits', rsaKey(768, 65_537), false],
    ['8,193 bits', rsaKey(8193, 65_537), false],
    ['9,000 bits', rsaKey(9000, 65_537), false],
    ['an exponent of 1', rsaKey(2048, 1), false],
    ['an even exponent', rsaKey(2048, 65_536), false],
  ])('that is RSA of %s is judged by its numbers, and not imported', (_, key, isUsable) => {
    const problem = checkLeafKey(key)
    expect(problem?.message).toBe(
      isUsable
        ? undefined
        : 'x509: malformed subjectPublicKeyInfo: RSA key of an unsupported size or exponent',
    )
  })
})
