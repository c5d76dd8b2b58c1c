import { createPrivateKey, generateKeyPair, type KeyObject } from 'node:crypto'
import { promisify } from 'node:util'
import { Failure } from '../../failure.ts'

const generate = promisify(generateKeyPair)

/** A new private key: EC P-256, as kubeadm makes them with `ECDSA-P256`. */
export async function newPrivateKey(): Promise<KeyObject> {
  const { privateKey } = await generate('ec', { namedCurve: 'P-256' })
  return privateKey
}

/** The key in PEM, in the form that Kubernetes reads. */
export function pemOfKey(privateKey: KeyObject): string {
  return privateKey.export({ type: 'sec1', format: 'pem' }).toString()
}

/** @throws {Failure} if the text has no private key. */
export function keyInFile(path: string, pem: string): KeyObject {
  try {
    return createPrivateKey(pem)
  } catch {
    throw new Failure(`${path}: has no private key in PEM`)
  }
}
