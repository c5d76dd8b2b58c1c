import { bytesFromLatin1 } from '@kube-authn/internal/byte-text'
import { type Check, must, nonEmptyListOf } from '@kube-authn/core/internal'

const KEY_BYTES = 32
/** Fewer than one in 10^15 random keys has not as many different bytes. */
const MIN_DIFFERENT_BYTES = 16
const BASE64_OR_BASE64URL = /^[\w+/-]{43}=?$/

/** Keys of 32 random bytes in base64 or base64url, each once. */
export const someSessionKeys: Check = (value, path) => {
  const problems = eachAKey(value, path)
  if (problems.length > 0 || !Array.isArray(value)) return problems
  const different = new Set(value.map((key) => sessionKeyBytes(String(key)).join()))
  return different.size === value.length ? [] : [{ path, message: 'must be different' }]
}

const eachAKey = nonEmptyListOf(
  must(
    'must be 32 random bytes in base64, as of `openssl rand -base64 32`',
    (value) => typeof value === 'string' && BASE64_OR_BASE64URL.test(value) && isRandom(value),
  ),
)

function isRandom(key: string): boolean {
  const bytes = sessionKeyBytes(key)
  return bytes.length === KEY_BYTES && new Set(bytes).size >= MIN_DIFFERENT_BYTES
}

/** The bytes of a key that was checked. */
export function sessionKeyBytes(key: string): Uint8Array<ArrayBuffer> {
  return bytesFromLatin1(atob(key.replaceAll('-', '+').replaceAll('_', '/')))
}
