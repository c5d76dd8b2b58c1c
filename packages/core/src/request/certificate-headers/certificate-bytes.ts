import { bytesOfBase64, isCanonicalBase64 } from '@kube-authn/internal/base64'
import { rejected } from '../../authenticator/errors.ts'

/** A larger certificate is refused. Typical ones have one or two KiB. */
const MAX_CERTIFICATE_BYTES = 65_536

/** A longer chain, including the leaf, is refused. */
export const MAX_CERTIFICATES = 10

/** A longer header is refused unread: ten percent-encoded certificates of 64 KiB are shorter. */
const MAX_HEADER_LENGTH = 1_048_576

/** Refuses a value that is too long to read. */
export function boundedValue(header: string, value: string): string {
  if (value.length > MAX_HEADER_LENGTH) throw rejected(`${header} is too long`)
  return value
}

/** Refuses a chain that is too long. */
export function boundedChain(header: string, chain: readonly Uint8Array[]): readonly Uint8Array[] {
  if (chain.length > MAX_CERTIFICATES)
    throw rejected(`${header} has more than ${MAX_CERTIFICATES} certificates`)
  return chain
}

/**
 * Decodes a certificate from base64 (RFC 4648 section 4). The encoding must be canonical: padded, without white space, and with zero
 * in the unused bits. It must be exactly one DER SEQUENCE; a verifier reads its content.
 *
 * @throws {AuthenticationError} `rejected`, without any part of it.
 */
export function certificateOfBase64(header: string, base64: string): Uint8Array<ArrayBuffer> {
  if (base64.length > (MAX_CERTIFICATE_BYTES / 3 + 1) * 4) {
    throw rejected(`${header} has a certificate of more than ${MAX_CERTIFICATE_BYTES} bytes`)
  }
  const der = isCanonicalBase64(base64) ? bytesOfBase64(base64) : undefined
  if (der === undefined) throw rejected(`${header} has a certificate that is not in base64`)
  if (der.length > MAX_CERTIFICATE_BYTES) {
    throw rejected(`${header} has a certificate of more than ${MAX_CERTIFICATE_BYTES} bytes`)
  }
  if (!isOneSequence(der)) throw rejected(`${header} has a certificate that is not in DER`)
  return der
}

/** Whether the bytes are exactly one SEQUENCE (X.690 section 8.9) with a minimal length encoding. */
function isOneSequence(der: Uint8Array): boolean {
  const [tag, first = 0, second = 0, third = 0] = der
  if (tag !== 0x30) return false
  if (first < 0x80) return der.length === 2 + first
  if (first === 0x81) return second >= 0x80 && der.length === 3 + second
  if (first === 0x82) return second > 0 && der.length === 4 + second * 256 + third
  // Three length bytes mean at least 64 KiB of content, which with its header exceeds the limit.
  return false
}
