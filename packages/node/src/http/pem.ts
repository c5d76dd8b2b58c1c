import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { readTextFile } from '../file-source/read-file.ts'
import type { PemSource } from './endpoint.ts'

/** Larger files are refused. A bundle of every public authority has a quarter of it. */
export const MAX_PEM_BYTES = 1_048_576

const BEGIN = '-----BEGIN CERTIFICATE-----'
const END = '-----END CERTIFICATE-----'

/**
 * The text itself.
 *
 * @throws {Error} when it is in a file that cannot be read.
 */
export function readPem(source: PemSource): string {
  return 'path' in source ? readTextFile(source.path, MAX_PEM_BYTES) : source.pem
}

/**
 * The certificates in a text, each in PEM; what is around them is ignored.
 *
 * Source: client-go `util/cert/pem.go` ParseCertsPEM.
 *
 * @throws {Error} when there is none, or one cannot be read.
 */
export function certificatesIn(text: string): readonly string[] {
  const certificates = text
    .split(BEGIN)
    .slice(1)
    .map((block) => `${BEGIN}${block.split(END, 1).join()}${END}\n`)
  if (certificates.length === 0) throw new Error('there is no certificate in it')
  for (const [position, certificate] of certificates.entries()) {
    if (!isCertificate(certificate)) throw new Error(`certificate ${position + 1} in it cannot be read`)
  }
  return certificates
}

/**
 * The private key in a text. Nothing of the text is in an error.
 *
 * @throws {Error} when there is none, or it is encrypted.
 */
export function privateKeyIn(text: string): KeyObject {
  try {
    return createPrivateKey(text)
  } catch {
    throw new Error('there is no private key in it, or it is encrypted')
  }
}

/** Whether this is the key of the first certificate. */
export function isKeyOf([leaf]: readonly string[], key: KeyObject): boolean {
  return leaf !== undefined && new X509Certificate(leaf).checkPrivateKey(key)
}

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).raw.length > 0
  } catch {
    return false
  }
}
