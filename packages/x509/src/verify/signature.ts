import type { Certificate, Signed } from '../certificate.ts'
import { type CertificateError, malformed, refusal } from '../errors.ts'
import type { PublicKey } from '../public-key.ts'
import type { SignatureAlgorithm } from '../signature-algorithm.ts'
import { verificationKey } from './verification-key.ts'
import { type Bytes, DerReader, soleElement, Tag } from '../der/reader.ts'
import { unsignedOctets } from '../der/values.ts'

/**
 * Whether the parent may sign certificates, and signed the child.
 *
 * Source: Go `crypto/x509/x509.go` (`CheckSignatureFrom`).
 *
 * @returns the problem, if any.
 */
export async function checkSignature(
  child: Certificate,
  parent: Certificate,
): Promise<CertificateError | undefined> {
  if (!maySignCertificates(parent)) {
    return refusal(
      'notAuthorizedToSign',
      'invalid signature: parent certificate cannot sign this kind of certificate',
    )
  }
  return checkSignedBytes(child, parent.publicKey)
}

/** Whether the key signed these bytes. @returns the problem, if any. */
export async function checkSignedBytes(
  signed: Signed,
  publicKey: PublicKey,
): Promise<CertificateError | undefined> {
  const algorithm = signed.signatureAlgorithm
  if (algorithm === undefined) return cannotVerify('insecure or unsupported algorithm')
  const key = verificationKey(publicKey, algorithm)
  if (key === undefined) return cannotVerify('algorithm does not fit the public key')
  const isValid = await isSignatureValid(signed, algorithm, publicKey, key)
  return isValid ? undefined : refusal('signature', `${algorithm.name} verification failure`)
}

function cannotVerify(why: string): CertificateError {
  return refusal('signature', `cannot verify signature: ${why}`)
}

/** Version 1 has no basic constraints, so such a certificate is accepted as a CA, but only as a root. */
function maySignCertificates({ version, extensions }: Certificate): boolean {
  const { basicConstraints, keyUsage } = extensions
  const isCa = basicConstraints === undefined ? version !== 3 : basicConstraints.isCa
  return isCa && keyUsage?.keyCertSign !== false
}

async function isSignatureValid(
  { signature, signedBytes }: Signed,
  algorithm: SignatureAlgorithm,
  publicKey: PublicKey,
  key: Promise<CryptoKey>,
): Promise<boolean> {
  try {
    // OpenSSL accepts a signature by PSS without the zeros in front of it, which would be another certificate for the same key.
    if (publicKey.kind === 'RSA' && signature.length !== Math.ceil(publicKey.modulusBits / 8)) return false
    const form = publicKey.kind === 'EC' ? ecdsaSignature(signature, publicKey.curve.octets) : signature
    return await crypto.subtle.verify(algorithm, await key, form, signedBytes)
  } catch {
    // The key is invalid, the signature is malformed, or this runtime does not support the algorithm.
    return false
  }
}

/**
 * Converts an ECDSA signature from the DER sequence of certificates and most signers (RFC 3279) to two concatenated numbers of full length
 * (IEEE P1363), which WebCrypto and JWS use.
 *
 * @param octets the length of each number.
 * @throws {CertificateError} if it is malformed.
 */
export function ecdsaSignature(der: Bytes, octets: number): Bytes {
  const what = 'ECDSA signature'
  const numbers = new DerReader(soleElement(der, Tag.sequence, what))
  const [r, s] = [unsignedOctets(numbers.next(what), what), unsignedOctets(numbers.next(what), what)]
  numbers.finish(what)
  if (r.length > octets || s.length > octets) throw malformed(what, 'number is too large')
  const form = new Uint8Array(2 * octets)
  form.set(r, octets - r.length)
  form.set(s, 2 * octets - s.length)
  return form
}
