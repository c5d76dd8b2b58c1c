import { contextTag, type DerElement, DerReader, soleElement, Tag } from './der/reader.ts'
import { algorithmIdentifier, isNull, objectIdentifier, smallInteger } from './der/values.ts'

/** A supported signature algorithm. */
export type SignatureAlgorithm =
  | { readonly name: 'RSASSA-PKCS1-v1_5' | 'ECDSA'; readonly hash: HashName }
  | { readonly name: 'RSA-PSS'; readonly hash: HashName; readonly saltLength: number }
  | { readonly name: 'Ed25519' }

/** The supported hash functions, with WebCrypto's names. More may be added in a minor version; handle the rest. */
export type HashName = 'SHA-256' | 'SHA-384' | 'SHA-512'

const ALGORITHMS: ReadonlyMap<string, SignatureAlgorithm> = new Map([
  ['1.2.840.113549.1.1.11', { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }],
  ['1.2.840.113549.1.1.12', { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-384' }],
  ['1.2.840.113549.1.1.13', { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-512' }],
  ['1.2.840.10045.4.3.2', { name: 'ECDSA', hash: 'SHA-256' }],
  ['1.2.840.10045.4.3.3', { name: 'ECDSA', hash: 'SHA-384' }],
  ['1.2.840.10045.4.3.4', { name: 'ECDSA', hash: 'SHA-512' }],
])

const HASHES: ReadonlyMap<string, { readonly hash: HashName; readonly octets: number }> = new Map([
  ['2.16.840.1.101.3.4.2.1', { hash: 'SHA-256', octets: 32 }],
  ['2.16.840.1.101.3.4.2.2', { hash: 'SHA-384', octets: 48 }],
  ['2.16.840.1.101.3.4.2.3', { hash: 'SHA-512', octets: 64 }],
])

const WHAT = 'signatureAlgorithm'

/**
 * Reads an `AlgorithmIdentifier` of a signature. `undefined` for unsupported algorithms: MD5, SHA-1, SHA-224, SHA-3, DSA, RSA-PSS with
 * anything but the three usual settings, and unknown ones.
 *
 * Source: Go `crypto/x509/x509.go` (`getSignatureAlgorithmFromAI`, `checkSignature`).
 */
export function signatureAlgorithmOf(element: DerElement): SignatureAlgorithm | undefined {
  const { type, parameters } = algorithmIdentifier(element, WHAT)
  if (type === '1.3.101.112') return parameters === undefined ? { name: 'Ed25519' } : undefined
  if (type === '1.2.840.113549.1.1.10') return parameters && pssAlgorithm(parameters)
  return parameters === undefined || isNull(parameters) ? ALGORITHMS.get(type) : undefined
}

/**
 * The three parameters of RSA-PSS (RFC 4055 section 3.1) are redundant, but may contradict each other. Only the same hash for both purposes
 * and a salt of the length of that hash are accepted.
 */
function pssAlgorithm(parameters: DerElement): SignatureAlgorithm | undefined {
  const fields = new DerReader(parameters)
  const [hashField, maskField, saltField] = [0, 1, 2].map((number) =>
    fields.optional(contextTag(number, 'constructed'), WHAT),
  )
  // The trailer field has only one value, its default, which DER omits. If another field is absent, its default is SHA-1.
  if (parameters.tag !== Tag.sequence || !hashField || !maskField || !saltField || !fields.isAtEnd)
    return undefined
  const hash = hashOf(soleElement(hashField, Tag.sequence, WHAT))
  const mask = new DerReader(soleElement(maskField, Tag.sequence, WHAT))
  const isMgf1 = objectIdentifier(mask.next(WHAT), WHAT) === '1.2.840.113549.1.1.8'
  const maskHash = mask.optional(Tag.sequence, WHAT)
  mask.finish(WHAT)
  const saltLength = smallInteger(soleElement(saltField, Tag.integer, WHAT), WHAT)
  if (hash === undefined || !isMgf1 || maskHash === undefined) return undefined
  if (hashOf(maskHash) !== hash || saltLength !== hash.octets) return undefined
  return { name: 'RSA-PSS', hash: hash.hash, saltLength }
}

function hashOf(algorithm: DerElement): { readonly hash: HashName; readonly octets: number } | undefined {
  const { type, parameters } = algorithmIdentifier(algorithm, WHAT)
  return parameters === undefined || isNull(parameters) ? HASHES.get(type) : undefined
}
