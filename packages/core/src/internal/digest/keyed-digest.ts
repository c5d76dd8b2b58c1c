import { sha256 } from '#sha256'
import { base64urlOf } from '../base64url.ts'

/**
 * A digest of texts under a random key of its own: the same text has the same digest, and nobody outside can tell which.
 *
 * Secrets are kept and compared as such digests. Finding one in a map then says nothing about how near a guess came, and
 * what is in memory is of no use elsewhere.
 */
export function keyedDigest(): (text: string) => string {
  let key: string | undefined
  return (text) => {
    // Not before it is needed: on some runtimes there is no randomness outside of a request.
    key ??= newKey()
    return sha256(text.isWellFormed() ? key + text : bytesOf(`!${key}`, text))
  }
}

/** 256 bits, in ASCII: UTF-8 of it is twice as fast to make as of other characters. The last one is in no base64url. */
function newKey(): string {
  return `${base64urlOf(crypto.getRandomValues(new Uint8Array(32)))}=`
}

/**
 * UTF-8 has no lone surrogates, and encoding would make them all the same. A text with some is hashed in UTF-16, so that different
 * texts stay different.
 */
function bytesOf(prefix: string, text: string): Uint8Array {
  const first = utf8.encode(prefix)
  const bytes = new Uint8Array(first.length + 2 * text.length)
  bytes.set(first)
  let offset = first.length
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index)
    bytes[offset++] = code >> 8
    bytes[offset++] = code
  }
  return bytes
}

const utf8 = new TextEncoder()
