import { parseArgon2id } from './argon2id.ts'
import { parseBcrypt } from './bcrypt.ts'
import type { PasswordHash } from './password-hash.ts'
import { parseScrypt } from './scrypt.ts'

/**
 * Parses a password hash in modular crypt format or PHC string format.
 *
 * @returns the hash; `undefined` for a plain text password; an error message for an invalid hash. A hash of an unknown kind is invalid: as
 *   plain text, the hash itself would be the password.
 */
export function parsePasswordHash(text: string): PasswordHash | string | undefined {
  if (/^\$2[abxy]?\$/.test(text)) return parseBcrypt(text)
  if (text.startsWith('$scrypt$')) return parseScrypt(text)
  if (text.startsWith('$argon2id$')) return parseArgon2id(text)
  if (/^\$[A-Za-z0-9-]+(?:,[a-z]+=\d+)*\$/.test(text) || /^\{[A-Za-z0-9.-]+\}/.test(text)) {
    return 'the password is hashed in a way that is not supported; bcrypt, scrypt and argon2id are'
  }
  return undefined
}
