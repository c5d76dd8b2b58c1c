import { passwordHashes } from '#password-platform'
import { promised } from '../platform/platform.ts'
import { decodeBase64, hashOf, type PasswordHash } from './password-hash.ts'

const MAX_MEMORY_BYTES = 256 * 1024 * 1024
const MAX_PARALLELISM = 16

/** Reads an scrypt hash, as in `$scrypt$ln=15,r=8,p=1$c2FsdA$aGFzaA`. Source: RFC 7914; PHC string format. */
export function parseScrypt(text: string): PasswordHash | string {
  const parts = /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,3}),p=(\d{1,3})\$([^$]+)\$([^$]+)$/.exec(text)
  if (parts === null) return 'the scrypt hash is malformed'
  const [, ln, r, p, encodedSalt = '', encodedHash = ''] = parts
  const salt = decodeBase64(encodedSalt)
  const expected = decodeBase64(encodedHash)
  if (salt === undefined || expected === undefined || expected.length < 16 || expected.length > 64) {
    return 'the scrypt hash is malformed'
  }
  const parameters = { N: 2 ** Number(ln), r: Number(r), p: Number(p) }
  const memory = 128 * parameters.N * parameters.r
  if (parameters.N < 2 || parameters.r < 1 || parameters.p < 1)
    return 'the parameters of the scrypt hash are too small'
  // RFC 7914 section 6.
  if (Number(ln) >= 16 * parameters.r) return 'the parameters of the scrypt hash are inconsistent'
  if (memory > MAX_MEMORY_BYTES || parameters.p > MAX_PARALLELISM)
    return 'the scrypt hash is too expensive to check'
  return hashOf(expected, passwordHashes === undefined, (password) =>
    scrypt(password, salt, { ...parameters, dkLen: expected.length }),
  )
}

/** Computes an scrypt hash. The parameters are those of scrypt, and the length of the hash in bytes. */
export async function scrypt(
  password: Uint8Array,
  salt: Uint8Array,
  parameters: Readonly<Record<'N' | 'r' | 'p' | 'dkLen', number>>,
): Promise<Uint8Array> {
  const native = passwordHashes
  if (native === undefined) {
    const { scryptAsync } = await import('@noble/hashes/scrypt.js')
    return scryptAsync(password, salt, { ...parameters, maxmem: 2 * MAX_MEMORY_BYTES })
  }
  const { N, r, p, dkLen } = parameters
  return promised((done) =>
    native.scrypt(password, salt, dkLen, { N, r, p, maxmem: 2 * MAX_MEMORY_BYTES }, done),
  )
}
