import { hmacSha256 } from '#sha256'

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
  const texts = audiences.map(measured)
  const tokenText = measured(token)
  const size = 8 + tokenText.bytes.length + texts.reduce((sum, { bytes }) => sum + 4 + bytes.length, 0)
  const message = new Uint8Array(size)
  const view = new DataView(message.buffer)
  let offset = 0
  const writeLength = (length: number): void => {
    view.setUint32(offset, length)
    offset += 4
  }
  const writeText = ({ length, bytes }: MeasuredText): void => {
    writeLength(length)
    message.set(bytes, offset)
    offset += bytes.length
  }
  writeText(tokenText)
  writeLength(texts.length)
  for (const text of texts) writeText(text)
  return hmacSha256(hmacKey, message)
}

interface MeasuredText {
  readonly length: number
  readonly bytes: Uint8Array
}

/** In no length of a text in memory. */
const IS_UTF_16 = 0x80000000

/**
 * UTF-8, which has no lone surrogates. A text with some is written in UTF-16 and says so in its length, so that different
 * texts stay different.
 */
function measured(text: string): MeasuredText {
  if (text.isWellFormed()) {
    const bytes = utf8.encode(text)
    return { length: bytes.length, bytes }
  }
  const bytes = new Uint8Array(2 * text.length)
  const view = new DataView(bytes.buffer)
  for (let index = 0; index < text.length; index++) view.setUint16(2 * index, text.charCodeAt(index))
  return { length: IS_UTF_16 + bytes.length, bytes }
}

const utf8 = new TextEncoder()
