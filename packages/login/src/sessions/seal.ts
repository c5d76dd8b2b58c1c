import { base64urlOf, isCanonicalBase64url } from '@kube-authn/core/internal'
import { compactDecrypt, CompactEncrypt } from 'jose'

/** A key that seals strings for one use. */
export interface SealingKey {
  /** The protected header, with the id of the key: every string that it seals begins with it. */
  readonly header: string
  readonly id: string
  readonly key: CryptoKey
}

const utf8 = new TextEncoder()
const text = new TextDecoder('utf-8', { ignoreBOM: true })
const KEY_BYTES = 32
const ID_BYTES = 8
const ALGORITHMS = { alg: 'dir', enc: 'A256GCM' } as const

/**
 * Derives a key from a secret of 32 bytes. What a key of one context has sealed cannot be opened by that of another, so a value cannot be moved to another use.
 *
 * Source: RFC 5869 (HKDF).
 *
 * @param context every part of it distinguishes keys.
 */
export async function sealingKey(
  secret: Uint8Array<ArrayBuffer>,
  context: readonly (string | number)[],
): Promise<SealingKey> {
  const base = await crypto.subtle.importKey('raw', secret, 'HKDF', false, ['deriveBits'])
  const derived = await crypto.subtle.deriveBits(
    {
      name: 'HKDF',
      hash: 'SHA-256',
      salt: new Uint8Array(0),
      info: utf8.encode(JSON.stringify(['kube-authn', ...context])),
    },
    base,
    8 * (KEY_BYTES + ID_BYTES),
  )
  const bits = derived.slice(0, KEY_BYTES)
  const key = await crypto.subtle.importKey('raw', bits, 'AES-GCM', false, ['encrypt', 'decrypt'])
  const id = base64urlOf(new Uint8Array(derived, KEY_BYTES))
  return { key, id, header: base64urlOf(utf8.encode(JSON.stringify({ ...ALGORITHMS, kid: id }))) }
}

/**
 * Seals a string: a compact JWE of `dir` and `A256GCM`, never compressed. The length of compressed text tells about secrets beside what an attacker chooses.
 *
 * Source: RFC 7516 section 3.1, RFC 8725 section 3.6.
 */
export function seal(value: string, { key, id }: SealingKey): Promise<string> {
  return new CompactEncrypt(utf8.encode(value)).setProtectedHeader({ ...ALGORITHMS, kid: id }).encrypt(key)
}

/** A compact JWE without an encrypted key, and with an initialization vector and a tag of the right lengths. */
const SEALED = /^([\w-]+)\.\.[\w-]{16}\.([\w-]+)\.([\w-]{22})$/

/** The string that one of the keys has sealed; `undefined` for anything else. The header is compared, and never parsed before it is authenticated. */
export async function unseal(sealed: string, keys: readonly SealingKey[]): Promise<string | undefined> {
  const [, header, ciphertext = '', tag = ''] = SEALED.exec(sealed) ?? []
  const known = keys.find((each) => each.header === header)
  // jose ignores unused bits; a session has one spelling.
  if (known === undefined || !isCanonicalBase64url(ciphertext) || !isCanonicalBase64url(tag)) return undefined
  try {
    const { plaintext } = await compactDecrypt(sealed, known.key, {
      keyManagementAlgorithms: [ALGORITHMS.alg],
      contentEncryptionAlgorithms: [ALGORITHMS.enc],
      maxDecompressedLength: 0,
    })
    return text.decode(plaintext)
  } catch {
    return undefined
  }
}

/**
 * Seals strings for one use with the first secret, and unseals with all of them; what it unseals is `undefined` for anything that it has not sealed.
 *
 * @param secrets of 32 bytes each; at least one.
 * @param context see {@link sealingKey}.
 */
export function sealer(
  secrets: readonly Uint8Array<ArrayBuffer>[],
  context: readonly (string | number)[],
): {
  seal(this: void, value: string): Promise<string>
  unseal(this: void, sealed: string): Promise<string | undefined>
} {
  let derived: readonly SealingKey[] | undefined
  /** Derived in a request: some runtimes have no cryptography outside of them, and none waits for the work of another request. */
  const sealingKeys = async (): Promise<readonly SealingKey[]> =>
    (derived ??= await Promise.all(secrets.map((secret) => sealingKey(secret, context))))

  return {
    async seal(value) {
      const [first] = await sealingKeys()
      if (first === undefined) throw new TypeError('a sealer needs a key')
      return seal(value, first)
    },
    unseal: async (sealed) => unseal(sealed, await sealingKeys()),
  }
}
