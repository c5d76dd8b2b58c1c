import { hmacSha256 } from '#sha256'
import { latin1FromBytes, latin1FromText } from '@kube-authn/internal/byte-text'

/**
 * The cache key of a token and the requested audiences: HMAC-SHA-256 over both, with length prefixes; 32 characters, one per byte. The
 * order of the audiences matters.
 *
 * Keys reveal no tokens, and clients cannot choose tokens that collide.
 *
 * Source: apiserver `pkg/authentication/token/cache/cached_token_authenticator.go` (`keyFunc`); RFC 2104.
 *
 * @param hmacKey a random key per cache.
 */
export function tokenCacheKey(hmacKey: Uint8Array, token: string, audiences: readonly string[] = []): string {
  const message = withLength(token) + numberOf(audiences.length) + audiences.map(withLength).join('')
  return hmacSha256(hmacKey, message)
}

/** A flag that no string length has. */
const IS_UTF_16 = 0x80000000

/**
 * A string as UTF-8, after its length; one character per byte. A string with lone surrogates, which UTF-8 cannot represent, is UTF-16 with a
 * flag in its length, so that different strings stay different.
 */
function withLength(text: string): string {
  if (text.isWellFormed()) {
    const utf8 = latin1FromText(text)
    return numberOf(utf8.length) + utf8
  }
  const bytes = new Uint8Array(2 * text.length)
  const view = new DataView(bytes.buffer)
  // A loop, since any client can send such a token.
  for (let index = 0; index < text.length; index++) view.setUint16(2 * index, text.charCodeAt(index))
  const utf16 = latin1FromBytes(bytes)
  return numberOf(IS_UTF_16 + utf16.length) + utf16
}

/** Four bytes, the most significant first. */
function numberOf(value: number): string {
  return String.fromCharCode(value >>> 24, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff)
}
