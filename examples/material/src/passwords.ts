import { createHash, randomBytes, scryptSync } from 'node:crypto'

/** A scrypt hash for a password file; `htpasswd -nB joe` writes bcrypt. The hash contains commas, so quote it in CSV. */
export function scryptHash(password: string): string {
  const base64 = (bytes: Buffer): string => bytes.toString('base64').replaceAll('=', '')
  const salt = randomBytes(16)
  const hash = scryptSync(password, salt, 32, { N: 2 ** 15, r: 8, p: 1, maxmem: 64 * 1024 * 1024 })
  return `$scrypt$ln=15,r=8,p=1$${base64(salt)}$${base64(hash)}`
}

/** Salted SHA-1, which nginx supports on every system: strong enough for 144 random bits, but not for passwords chosen by people. */
export function saltedSha1(password: string): string {
  const salt = randomBytes(8)
  const hash = createHash('sha1').update(password).update(salt).digest()
  return `{SSHA}${Buffer.concat([hash, salt]).toString('base64')}`
}
