/** What `[token] provider` is in `keystone.conf`, hence what tokens look like. */
export type KeystoneTokenProvider = 'fernet' | 'jws' | 'any'

/** A header with twice as much is more than many servers take. */
const MAX_LENGTH = 2048

const SHAPES: Readonly<Record<KeystoneTokenProvider, RegExp>> = {
  // At least 73 bytes: version 0x80, a time whose upper half is zero until 2106, and so on. Keystone cuts the padding off.
  fernet: /^gAAAAA[\w-]{92,}$/,
  jws: /^ey[\w-]+\.[\w-]+\.[\w-]+$/,
  any: /^[\w.~+/=-]+$/,
}

/**
 * Whether this looks like a token of such a Keystone. Nothing else is sent there: tokens of others are none of its business.
 *
 * Source: keystone `keystone/token/token_formatters.py`, RFC 6750 section 2.1 for `any`.
 */
export function looksLikeToken(text: string, provider: KeystoneTokenProvider): boolean {
  return text.length <= MAX_LENGTH && SHAPES[provider].test(text)
}

/** Whether it can be sent as a token at all. */
export function isTokenText(text: string): boolean {
  return looksLikeToken(text, 'any')
}
