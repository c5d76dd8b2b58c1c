import { bytesFromText } from '@kube-authn/internal/byte-text'
import type { PasswordHash } from './password-hash.ts'

/** Each step doubles the time of a check; a cost of 14 takes more than a second. */
const MAX_COST = 14
/** bcrypt ignores further bytes: any longer password with the same first 72 would match. */
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
      if (bcryptProblem(password) !== undefined) return false
      const { compare } = await import('bcryptjs')
      return compare(password, text)
    },
  }
}

/** Why bcrypt cannot tell a password from others; `undefined` if it can. */
export function bcryptProblem(password: string): string | undefined {
  if (!password.isWellFormed()) return 'the password is not well-formed Unicode'
  if (bytesFromText(password).length > MAX_PASSWORD_BYTES) {
    return `bcrypt ignores everything after the first ${MAX_PASSWORD_BYTES} bytes, and the password is longer`
  }
  // bcrypt repeats the password, NUL-terminated, to 72 bytes: `a` and `a\0a` have the same hash.
  return password.includes('\0') ? 'the password has a NUL, where bcrypt takes it to end' : undefined
}
