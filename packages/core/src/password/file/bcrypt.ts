import { bytesFromText } from '../../internal/byte-text.ts'
import type { PasswordHash } from './password-hash.ts'

/** A check takes about twice as long with each step; 14 is more than a second. */
const MAX_COST = 14
/** What bcrypt looks at. A longer password would be right as soon as its beginning is. */
const MAX_PASSWORD_BYTES = 72

/** Reads a bcrypt hash, as in `$2b$12$` followed by 53 characters. */
export function parseBcrypt(text: string): PasswordHash | string {
  const cost = /^\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}$/.exec(text)?.[1]
  if (cost === undefined) return 'the bcrypt hash is malformed'
  if (Number(cost) < 4 || Number(cost) > MAX_COST)
    return `the cost of the bcrypt hash is not between 4 and ${MAX_COST}`
  return {
    blocksThread: true,
    async matches(password) {
      if (!password.isWellFormed() || bytesFromText(password).length > MAX_PASSWORD_BYTES) return false
      // bcrypt repeats a password with a NUL behind it until there are 72 bytes: `a` and `a\0a` have the same hash.
      if (password.includes('\0')) return false
      const { compare } = await import('bcryptjs')
      return compare(password, text)
    },
  }
}
