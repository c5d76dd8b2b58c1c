/** The format of tokens, by `[token] provider` in `keystone.conf`. */
export type KeystoneTokenProvider = 'fernet' | 'jws' | 'any'

/** Many servers refuse headers of twice this length. */
const MAX_LENGTH = 2048

const SHAPES: Readonly<Record<KeystoneTokenProvider, RegExp>> = {
  // At least 73 bytes: version 0x80, a 64-bit time whose upper half is zero until 2106, and so on. Keystone strips the padding.
  fernet: /^gAAAAA[\w-]{92,}$/,
  jws: /^ey[\w-]+\.[\w-]+\.[\w-]+$/,
  any: /^[\w.~+/=-]+$/,
}

/**
 * Whether a string has the format of such a token. Other tokens are not disclosed to Keystone.
 *
 * Source: keystone `keystone/token/token_formatters.py`, RFC 6750 section 2.1 for `any`.
 */
export function looksLikeToken(text: string, provider: KeystoneTokenProvider): boolean {
  return text.length <= MAX_LENGTH && SHAPES[provider].test(text)
}

/** Whether a string can be sent as a token. */
export function isTokenText(text: string): boolean {
  return looksLikeToken(text, 'any')
}
