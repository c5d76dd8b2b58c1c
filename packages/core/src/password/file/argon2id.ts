import { passwordHashes } from '#password-platform'
import { promised } from '../platform/platform.ts'
import { decodeBase64, hashOf, type PasswordHash } from './password-hash.ts'

const MAX_MEMORY_KIB = 256 * 1024
const MAX_PASSES = 16
const MAX_PARALLELISM = 16

/** Reads an argon2id hash, as in `$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA`. Source: RFC 9106; PHC string format. */
export function parseArgon2id(text: string): PasswordHash | string {
  const parts = /^\$argon2id\$v=19\$m=(\d{1,7}),t=(\d{1,3}),p=(\d{1,3})\$([^$]+)\$([^$]+)$/.exec(text)
  if (parts === null) return 'the argon2id hash is malformed'
  const [, m, t, p, encodedSalt = '', encodedHash = ''] = parts
  const salt = decodeBase64(encodedSalt)
  const expected = decodeBase64(encodedHash)
  if (
    salt === undefined ||
    salt.length < 8 ||
    expected === undefined ||
    expected.length < 16 ||
    expected.length > 64
  ) {
    return 'the argon2id hash is malformed'
  }
  const parameters = { m: Number(m), t: Number(t), p: Number(p) }
  if (parameters.t < 1 || parameters.p < 1 || parameters.m < 8 * parameters.p) {
    return 'the parameters of the argon2id hash are too small'
  }
  if (parameters.m > MAX_MEMORY_KIB || parameters.t > MAX_PASSES || parameters.p > MAX_PARALLELISM) {
    return 'the argon2id hash is too expensive to check'
  }
  return hashOf(expected, passwordHashes?.argon2 === undefined, (password) =>
    argon2id(password, salt, { ...parameters, dkLen: expected.length }),
  )
}

/** Computes an argon2id hash. The parameters are memory in KiB, passes, parallelism, and the length of the hash in bytes. */
export async function argon2id(
  password: Uint8Array,
  salt: Uint8Array,
  parameters: Readonly<Record<'m' | 't' | 'p' | 'dkLen', number>>,
): Promise<Uint8Array> {
  const native = passwordHashes
  if (native?.argon2 === undefined) {
    const { argon2idAsync } = await import('@noble/hashes/argon2.js')
    return argon2idAsync(password, salt, parameters)
  }
  const { m: memory, t: passes, p: parallelism, dkLen: tagLength } = parameters
  return promised((done) =>
    native.argon2?.(
      'argon2id',
      { message: password, nonce: salt, parallelism, tagLength, memory, passes },
      done,
    ),
  )
}
