import { sha256 } from '#sha256'
import { latin1FromBytes } from '../headers/byte-text.ts'

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
    key ??= latin1FromBytes(crypto.getRandomValues(new Uint8Array(32)))
    return sha256(key + hashable(text))
  }
}

/**
 * UTF-8 has no lone surrogates, and encoding would make them all the same. A text with some is spelled out, so that
 * different texts stay different.
 */
function hashable(text: string): string {
  return text.isWellFormed() ? `=${text}` : `!${JSON.stringify(text)}`
}
