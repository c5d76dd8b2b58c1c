import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { Failure } from './failure.ts'

export interface KeyPair {
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
}

/** A new key pair of this kind, as in `RSA-2048` and `P-256`. */
export function newKeyPair(algorithm: string): KeyPair {
  const bits = /^RSA-(\d+)$/.exec(algorithm)?.[1]
  return bits === undefined
    ? generateKeyPairSync('ec', { namedCurve: algorithm })
    : generateKeyPairSync('rsa', { modulusLength: Number(bits) })
}

/** The key in PEM, in the form that Kubernetes reads: RSA in PKCS#1 (or PKCS#8), EC in SEC1 only. */
export function pemOfKey(privateKey: KeyObject): string {
  const type = privateKey.asymmetricKeyType === 'rsa' ? 'pkcs1' : 'sec1'
  return privateKey.export({ type, format: 'pem' }).toString()
}

export function pemOfPublicKey(publicKey: KeyObject): string {
  return publicKey.export({ type: 'spki', format: 'pem' }).toString()
}

/** @throws {Failure} if the text has no private key. */
export function keyInFile(path: string, pem: string): KeyObject {
  try {
    return createPrivateKey(pem)
  } catch {
    throw new Failure(`${path}: has no private key in PEM`)
  }
}
