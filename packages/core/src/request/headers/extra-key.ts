import { percentDecoded } from '../../internal/query.ts'
import { bytesFromText } from '@kube-authn/internal/byte-text'

/** The prefix of headers that carry a value of an extra field. */
export const EXTRA_PREFIX = 'impersonate-extra-'

/**
 * The key of an extra field, from the header name after the prefix: converted to lower case and then percent-decoded, so a capital letter
 * must be escaped. If any escape is malformed, nothing is decoded.
 *
 * Source: apiserver `pkg/endpoints/filters/impersonation` unescapeExtraKey.
 */
export function decodeExtraKey(rest: string): string {
  const lowerCase = rest.toLowerCase()
  return percentDecoded(lowerCase) ?? lowerCase
}

const TOKEN = /^[!#$&'*+\-.^_`|~0-9a-z]$/

/** The reverse of {@link decodeExtraKey}: escapes everything that is not allowed in a header name or would be changed there. */
export function encodeExtraKey(key: string): string {
  let encoded = ''
  for (const byte of bytesFromText(key)) {
    const character = String.fromCharCode(byte)
    encoded += TOKEN.test(character) ? character : `%${byte.toString(16).padStart(2, '0')}`
  }
  return encoded
}
