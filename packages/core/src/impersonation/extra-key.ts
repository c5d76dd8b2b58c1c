import { percentDecoded } from '../internal/percent.ts'
import { bytesFromText } from '../internal/byte-text.ts'

/** Every header that carries a value of an extra field starts with this. */
export const EXTRA_PREFIX = 'impersonate-extra-'

/**
 * The key of an extra field, from the rest of the header's name: lower case first, then percent-decoded, so a capital letter
 * can only come in as an escape. With a malformed escape anywhere it is not decoded at all.
 *
 * Source: apiserver `pkg/endpoints/filters/impersonation` unescapeExtraKey.
 */
export function decodeExtraKey(rest: string): string {
  const lowerCase = rest.toLowerCase()
  return percentDecoded(lowerCase) ?? lowerCase
}

const TOKEN = /^[!#$&'*+\-.^_`|~0-9a-z]$/

/** The reverse of {@link decodeExtraKey}: whatever cannot be in a header's name, or would not survive there, is escaped. */
export function encodeExtraKey(key: string): string {
  let encoded = ''
  for (const byte of bytesFromText(key)) {
    const character = String.fromCharCode(byte)
    encoded += TOKEN.test(character) ? character : `%${byte.toString(16).padStart(2, '0')}`
  }
  return encoded
}
