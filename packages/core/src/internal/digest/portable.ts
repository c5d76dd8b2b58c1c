import { hmac } from '@noble/hashes/hmac.js'
import { sha256 as nobleSha256 } from '@noble/hashes/sha2.js'
import { bytesFromLatin1, latin1FromBytes } from '@kube-authn/internal/byte-text'
import { hexOf } from '@kube-authn/internal/bytes'
import { base64urlOf } from '../base64url.ts'

const utf8 = new TextEncoder()

/** SHA-256 of bytes, or of a string in UTF-8: 32 characters, one per byte. */
export function sha256(message: string | Uint8Array): string {
  return latin1FromBytes(nobleSha256(typeof message === 'string' ? utf8.encode(message) : message))
}

/** SHA-256 of a string in UTF-8, in base64url without padding. */
export function sha256Base64url(message: string): string {
  return base64urlOf(nobleSha256(utf8.encode(message)))
}

/** SHA-256 of a string in UTF-8, in lower-case hexadecimal. */
export function sha256Hex(message: string): string {
  return hexOf(nobleSha256(utf8.encode(message)))
}

/** HMAC-SHA-256 (RFC 2104). Message and result have one character per byte. */
export function hmacSha256(key: Uint8Array, message: string): string {
  return latin1FromBytes(hmac(nobleSha256, key, bytesFromLatin1(message)))
}
