import { type Bytes, DerReader, soleElement, Tag } from '../der/reader.ts'
import { unsignedOctets } from '../der/values.ts'
import { malformed } from '../errors.ts'

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
