import { sha256 } from '../../internal/digest/sha256.ts'

/** Returns the cache key of a token and the requested audiences: 32 characters, one per byte. */
export type TokenCacheKeys = (token: string, audiences?: readonly string[]) => string

/**
 * Cache keys of tokens and the requested audiences: HMAC-SHA-256 over both, with length prefixes. The order of the audiences matters.
 *
 * The keys reveal no tokens, and clients cannot choose tokens that collide.
 *
 * Source: apiserver `pkg/authentication/token/cache/cached_token_authenticator.go` (`keyFunc`); RFC 2104.
 *
 * @param hmacKey a random key per cache.
 */
export function tokenCacheKeys(hmacKey: Uint8Array): TokenCacheKeys {
  const innerPad = padded(hmacKey, 0x36)
  const outer = new Uint8Array(BLOCK + DIGEST)
  outer.set(padded(hmacKey, 0x5c))
  const scratch = new Uint8Array(SCRATCH)
  scratch.set(innerPad)
  return (token, audiences = NO_AUDIENCES) => {
    const end = writeAscii(scratch, token, audiences)
    const inner =
      end === undefined ? sha256(messageOf(innerPad, token, audiences)) : sha256(scratch.subarray(0, end))
    // Erases the token: the next one may be shorter and leave its end in memory.
    scratch.fill(0, BLOCK)
    for (let index = 0; index < DIGEST; index++) outer[BLOCK + index] = inner.charCodeAt(index)
    return sha256(outer)
  }
}

/** The key of one token; see {@link tokenCacheKeys}. */
export function tokenCacheKey(hmacKey: Uint8Array, token: string, audiences?: readonly string[]): string {
  return tokenCacheKeys(hmacKey)(token, audiences)
}

const NO_AUDIENCES: readonly string[] = []
/** SHA-256 sizes, in bytes. */
const BLOCK = 64
const DIGEST = 32
/** A reused buffer for usual tokens. Longer ones get a temporary buffer. */
const SCRATCH = 4096

function padded(hmacKey: Uint8Array, pad: number): Uint8Array {
  const block = new Uint8Array(BLOCK)
  if (hmacKey.length <= BLOCK) block.set(hmacKey)
  else block.set(Uint8Array.from(sha256(hmacKey), (character) => character.charCodeAt(0)))
  return block.map((byte) => byte ^ pad)
}

/**
 * Writes the message after the key block if it fits and is ASCII, as tokens are.
 *
 * @returns the end offset; `undefined` if it was not written.
 */
function writeAscii(scratch: Uint8Array, token: string, audiences: readonly string[]): number | undefined {
  let end = writeAsciiText(scratch, BLOCK, token)
  if (end === undefined) return undefined
  end = writeNumber(scratch, end, audiences.length)
  for (const audience of audiences) {
    end = writeAsciiText(scratch, end, audience)
    if (end === undefined) return undefined
  }
  return end
}

function writeAsciiText(scratch: Uint8Array, start: number, text: string): number | undefined {
  const offset = start + 4
  // Leaves room for the number that follows.
  if (offset + text.length + 4 > scratch.length) return undefined
  writeNumber(scratch, start, text.length)
  const { read, written } = utf8.encodeInto(text, scratch.subarray(offset))
  return read === text.length && written === text.length ? offset + written : undefined
}

/** The key block followed by the message, for any strings. */
function messageOf(block: Uint8Array, token: string, audiences: readonly string[]): Uint8Array {
  const tokenText = measured(token)
  const texts = audiences.map(measured)
  const size =
    BLOCK + 8 + tokenText.bytes.length + texts.reduce((sum, { bytes }) => sum + 4 + bytes.length, 0)
  const message = new Uint8Array(size)
  message.set(block)
  let offset = BLOCK
  const writeText = ({ length, bytes }: MeasuredText): void => {
    offset = writeNumber(message, offset, length)
    message.set(bytes, offset)
    offset += bytes.length
  }
  writeText(tokenText)
  offset = writeNumber(message, offset, texts.length)
  for (const text of texts) writeText(text)
  return message
}

interface MeasuredText {
  readonly length: number
  readonly bytes: Uint8Array
}

/** A flag that no string length has. */
const IS_UTF_16 = 0x80000000

/**
 * Encodes a string as UTF-8. A string with lone surrogates, which UTF-8 cannot represent, is encoded as UTF-16 with a flag in its length,
 * so that different strings stay different.
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

function writeNumber(target: Uint8Array, offset: number, value: number): number {
  target[offset] = value >>> 24
  target[offset + 1] = value >>> 16
  target[offset + 2] = value >>> 8
  target[offset + 3] = value
  return offset + 4
}

const utf8 = new TextEncoder()
