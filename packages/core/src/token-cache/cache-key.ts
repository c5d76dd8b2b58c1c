import { hmacSha256 } from '#sha256'
import { bytesFromText } from '../headers/byte-text.ts'

/**
 * The key a token and the audiences it is checked for have in a cache: HMAC-SHA-256 over both, each length in front of what
 * it measures. The order of the audiences matters.
 *
 * Whoever reads the memory of a cache learns no token, and whoever sends tokens cannot choose where they land.
 *
 * Source: apiserver `pkg/authentication/token/cache/cached_token_authenticator.go` (`keyFunc`).
 *
 * @param hmacKey random, for each cache its own.
 * @returns 32 characters, one per byte.
 */
export function tokenCacheKey(hmacKey: Uint8Array, token: string, audiences: readonly string[] = []): string {
  const texts = audiences.map(bytesFromText)
  const tokenBytes = bytesFromText(token)
  const size = 8 + tokenBytes.length + texts.reduce((sum, text) => sum + 4 + text.length, 0)
  const message = new Uint8Array(size)
  const view = new DataView(message.buffer)
  let offset = 0
  const writeLength = (length: number): void => {
    view.setUint32(offset, length)
    offset += 4
  }
  const writeBytes = (bytes: Uint8Array): void => {
    writeLength(bytes.length)
    message.set(bytes, offset)
    offset += bytes.length
  }
  writeBytes(tokenBytes)
  writeLength(texts.length)
  for (const text of texts) writeBytes(text)
  return hmacSha256(hmacKey, message)
}
