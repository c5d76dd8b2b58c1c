import { hmacSha256 } from '#sha256'

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
  const parts = [...withLength(token), numberOf(audiences.length), ...audiences.flatMap(withLength)]
  const message = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0))
  let offset = 0
  for (const part of parts) {
    message.set(part, offset)
    offset += part.length
  }
  return hmacSha256(hmacKey, message)
}

/** A flag that no string length has. */
const IS_UTF_16 = 0x80000000

/**
 * A string as UTF-8, after its length. A string with lone surrogates, which UTF-8 cannot represent, is UTF-16 with a flag in its length, so
 * that different strings stay different.
 */
function withLength(text: string): readonly [length: Uint8Array, bytes: Uint8Array] {
  if (text.isWellFormed()) {
    const bytes = utf8.encode(text)
    return [numberOf(bytes.length), bytes]
  }
  const bytes = new Uint8Array(2 * text.length)
  const view = new DataView(bytes.buffer)
  for (let index = 0; index < text.length; index++) view.setUint16(2 * index, text.charCodeAt(index))
  return [numberOf(IS_UTF_16 + bytes.length), bytes]
}

function numberOf(value: number): Uint8Array {
  const bytes = new Uint8Array(4)
  new DataView(bytes.buffer).setUint32(0, value)
  return bytes
}

const utf8 = new TextEncoder()
