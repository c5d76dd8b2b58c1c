import { base64urlOf } from '../base64url.ts'

/**
 * A digest of strings under a random key, which outsiders cannot compute. Equal strings have equal digests.
 *
 * Secrets are stored and compared as such digests. So the time of a map lookup does not reveal how close a guess is, and the contents of
 * memory are useless elsewhere.
 *
 * @param sha256 that of the platform.
 */
export function keyedDigest(sha256: (message: string | Uint8Array) => string): (text: string) => string {
  let key: string | undefined
  return (text) => {
    // Created on first use: some runtimes have no randomness outside of requests.
    // 128 bits in ASCII. The final `=` is not a base64url character. With a text of up to 32 characters it fits into one block of SHA-256, which is 55 bytes before the padding.
    key ??= `${base64urlOf(crypto.getRandomValues(new Uint8Array(16)))}=`
    return sha256(text.isWellFormed() ? key + text : bytesOf(`!${key}`, text))
  }
}

/** UTF-8 cannot represent lone surrogates, and encoding would make them all equal. A string with lone surrogates is hashed in UTF-16, so that different strings have different digests. */
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
