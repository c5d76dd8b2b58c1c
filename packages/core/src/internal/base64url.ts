import { bytesFromLatin1, latin1FromBytes } from '@kube-authn/internal/byte-text'

/**
 * Whether a string is canonical unpadded base64url: no other characters, and zero in the unused bits.
 *
 * Source: RFC 4648 sections 3.5 and 5, RFC 7515 section 2.
 */
export function isCanonicalBase64url(text: string): boolean {
  if (!/^[A-Za-z0-9_-]*$/.test(text)) return false
  const last = text.at(-1) ?? ''
  switch (text.length % 4) {
    case 1:
      return false
    case 2:
      return 'AQgw'.includes(last)
    case 3:
      return 'AEIMQUYcgkosw048'.includes(last)
    default:
      return true
  }
}

/** Decodes canonical base64url to bytes. */
export function bytesOfBase64url(text: string): Uint8Array<ArrayBuffer> {
  return bytesFromLatin1(binaryOf(text))
}

/** Decodes canonical base64url to a string; a byte order mark is kept. @throws {TypeError} if the bytes are not UTF-8. */
export function textOfBase64url(text: string): string {
  const binary = binaryOf(text)
  // Nearly every token is ASCII, which is its own UTF-8.
  return NOT_ASCII.test(binary) ? utf8.decode(bytesFromLatin1(binary)) : binary
}

const NOT_ASCII = /[\x80-\xff]/
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** One character per byte. */
function binaryOf(text: string): string {
  return atob(text.replaceAll('-', '+').replaceAll('_', '/'))
}

/** Encodes bytes as unpadded base64url. */
export function base64urlOf(bytes: Uint8Array): string {
  return btoa(latin1FromBytes(bytes)).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
}
