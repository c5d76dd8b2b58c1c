import { createHmac, hash } from 'node:crypto'

/** SHA-256 of bytes, or of a string in UTF-8: 32 characters, one per byte. */
export function sha256(message: string | Uint8Array): string {
  return hash('sha256', message, 'binary')
}

/** SHA-256 of a string in UTF-8, in base64url without padding. */
export function sha256Base64url(message: string): string {
  return hash('sha256', message, 'base64url')
}

/** SHA-256 of a string in UTF-8, in lower-case hexadecimal. */
export function sha256Hex(message: string): string {
  return hash('sha256', message, 'hex')
}

/** HMAC-SHA-256 (RFC 2104). Message and result have one character per byte. */
export function hmacSha256(key: Uint8Array, message: string): string {
  return createHmac('sha256', key).update(message, 'latin1').digest('binary')
}
