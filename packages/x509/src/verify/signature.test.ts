import { constants, generateKeyPairSync, sign } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type { PublicKey } from '../public-key.ts'
import type { SignatureAlgorithm } from '../signature-algorithm.ts'
import { checkSignedBytes } from './signature.ts'

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const key: PublicKey = {
  kind: 'RSA',
  spki: new Uint8Array(publicKey.export({ type: 'spki', format: 'der' })),
  modulusBits: 2048,
  exponent: 65_537,
}
const PSS: SignatureAlgorithm = { name: 'RSA-PSS', hash: 'SHA-256', saltLength: 32 }

/** A signature that begins with a zero, which one in 256 does. */
function beginsWithZero(signedBytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const how = { key: privateKey, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 }
  for (;;) {
    const signature = sign('sha256', signedBytes, how)
    if (signature[0] === 0) return new Uint8Array(signature)
  }
}

describe('an RSA signature', () => {
  it('by PSS is accepted only with the zero that it begins with', async () => {
    const signedBytes = new TextEncoder().encode('to be signed')
    const signature = beginsWithZero(signedBytes)
    const problemOf = (given: Uint8Array<ArrayBuffer>) =>
      checkSignedBytes({ signedBytes, signatureAlgorithm: PSS, signature: given }, key)
    expect(await problemOf(signature)).toBeUndefined()
    expect(await problemOf(signature.subarray(1))).toMatchObject({
      code: 'signature',
      message: 'x509: RSA-PSS verification failure',
    })
  })
})
