import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { refuseExisting, writeNewFile } from '../terminal/new-file.ts'
import type { SigningKeyOptions } from './signing-key/command.ts'

/** Writes a key pair for service account tokens. */
export function createSigningKey({
  out,
  publicKey: publicFile,
  algorithm,
  force = false,
}: SigningKeyOptions): void {
  if (!force) refuseExisting(publicFile === undefined ? [out] : [out, publicFile])
  const { privateKey, publicKey } = newKeyPair(algorithm)
  // Kubernetes reads RSA keys in PKCS#1 and PKCS#8, and EC keys in SEC1 only.
  const type = algorithm.startsWith('RSA') ? 'pkcs1' : 'sec1'
  writeNewFile(out, pemOf(privateKey.export({ type, format: 'pem' })), { replaces: force })
  if (publicFile === undefined) return
  const pem = pemOf(publicKey.export({ type: 'spki', format: 'pem' }))
  writeNewFile(publicFile, pem, { replaces: force, mode: 0o644 })
}

function newKeyPair(algorithm: string): { readonly privateKey: KeyObject; readonly publicKey: KeyObject } {
  const bits = /^RSA-(\d+)$/.exec(algorithm)?.[1]
  return bits === undefined
    ? generateKeyPairSync('ec', { namedCurve: algorithm })
    : generateKeyPairSync('rsa', { modulusLength: Number(bits) })
}

function pemOf(exported: string | Buffer): string {
  return exported.toString()
}
