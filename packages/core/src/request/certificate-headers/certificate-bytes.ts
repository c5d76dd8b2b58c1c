import { rejected } from '../../authenticator/errors.ts'

/** A larger certificate is refused. Real ones have one or two KiB. */
const MAX_CERTIFICATE_BYTES = 65_536

/** A longer chain is refused, the leaf included. */
export const MAX_CERTIFICATES = 10

/** A longer header is refused unread: ten certificates of 64 KiB, percent-encoded, have less. */
const MAX_HEADER_LENGTH = 1_048_576

/** Refuses a value that is too long to be looked at. */
export function boundedValue(header: string, value: string): string {
  if (value.length > MAX_HEADER_LENGTH) throw rejected(`${header} is too long`)
  return value
}

/** Refuses what is no chain, or too long a one. */
export function boundedChain(header: string, chain: readonly Uint8Array[]): readonly Uint8Array[] {
  if (chain.length > MAX_CERTIFICATES)
    throw rejected(`${header} has more than ${MAX_CERTIFICATES} certificates`)
  return chain
}

/**
 * The certificate in base64 (RFC 4648 section 4), which must be the one way to write it: padded, without white space, and with
 * nothing in the bits that do not count. It must be one whole DER SEQUENCE; what is in it is for a verifier to read.
 *
 * @throws {AuthenticationError} `rejected`, without a byte of it.
 */
export function certificateOfBase64(header: string, base64: string): Uint8Array<ArrayBuffer> {
  if (base64.length > (MAX_CERTIFICATE_BYTES / 3 + 1) * 4) {
    throw rejected(`${header} has a certificate of more than ${MAX_CERTIFICATE_BYTES} bytes`)
  }
  if (base64.length % 4 !== 0 || !/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) {
    throw rejected(`${header} has a certificate that is not in base64`)
  }
  const latin1 = atob(base64)
  // Only the last group can be written in several ways.
  if (btoa(latin1.slice(Math.floor((latin1.length - 1) / 3) * 3)) !== base64.slice(-4)) {
    throw rejected(`${header} has a certificate that is not in base64`)
  }
  const der = Uint8Array.from(latin1, (character) => character.charCodeAt(0))
  if (der.length > MAX_CERTIFICATE_BYTES) {
    throw rejected(`${header} has a certificate of more than ${MAX_CERTIFICATE_BYTES} bytes`)
  }
  if (!isOneSequence(der)) throw rejected(`${header} has a certificate that is not in DER`)
  return der
}

/** Whether the bytes are a SEQUENCE (X.690 section 8.9) whose length is all of them, written as short as it can be. */
function isOneSequence(der: Uint8Array): boolean {
  const [tag, first = 0, second = 0, third = 0] = der
  if (tag !== 0x30) return false
  if (first < 0x80) return der.length === 2 + first
  if (first === 0x81) return second >= 0x80 && der.length === 3 + second
  if (first === 0x82) return second > 0 && der.length === 4 + second * 256 + third
  // Three bytes of length are 64 KiB and more, and one certificate may have exactly that with its header.
  return false
}
