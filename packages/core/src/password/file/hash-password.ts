import { bytesFromText } from '@kube-authn/internal/byte-text'
import { argon2id } from './argon2id.ts'
import { bcryptProblem } from './bcrypt.ts'
import { scrypt } from './scrypt.ts'

/** The kinds of password hashes that a password file may have. */
export const PASSWORD_HASHES = ['argon2id', 'scrypt', 'bcrypt'] as const

export type PasswordHashKind = (typeof PASSWORD_HASHES)[number]

const SALT_BYTES = 16
const HASH_BYTES = 32
// Of the same strength. Source: OWASP Password Storage Cheat Sheet.
const ARGON2ID = { m: 19_456, t: 2, p: 1, dkLen: HASH_BYTES }
const SCRYPT = { ln: 15, r: 8, p: 3 }
const BCRYPT_COST = 12

/**
 * Hashes a password for a password file, with a random salt: argon2id and scrypt as PHC strings, bcrypt as modular crypt.
 *
 * @throws {RangeError} if the password is empty, or is one that bcrypt would not tell from another. The message does not contain it.
 */
export async function hashPassword(password: string, kind: PasswordHashKind): Promise<string> {
  if (password === '') throw new RangeError('the password is empty')
  if (!password.isWellFormed()) throw new RangeError('the password is not well-formed Unicode')
  const salt = crypto.getRandomValues(new Uint8Array(SALT_BYTES))
  switch (kind) {
    case 'argon2id': {
      const { m, t, p } = ARGON2ID
      const hash = await argon2id(bytesFromText(password), salt, ARGON2ID)
      return `$argon2id$v=19$m=${m},t=${t},p=${p}$${phcBase64(salt)}$${phcBase64(hash)}`
    }
    case 'scrypt': {
      const { ln, r, p } = SCRYPT
      const hash = await scrypt(bytesFromText(password), salt, { N: 2 ** ln, r, p, dkLen: HASH_BYTES })
      return `$scrypt$ln=${ln},r=${r},p=${p}$${phcBase64(salt)}$${phcBase64(hash)}`
    }
    case 'bcrypt': {
      const problem = bcryptProblem(password)
      if (problem !== undefined) throw new RangeError(problem)
      const { genSaltSync, hash } = await import('bcryptjs')
      return hash(password, genSaltSync(BCRYPT_COST))
    }
  }
}

function phcBase64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes)).replaceAll('=', '')
}
