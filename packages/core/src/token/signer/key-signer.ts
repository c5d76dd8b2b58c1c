import type { Awaitable } from '../../internal/awaitable.ts'
import { bytesFromText } from '../../internal/byte-text.ts'
import { base64urlOf } from '../../internal/base64url.ts'
import { KEY_PARAMETERS, type VerificationKey } from '../jwt/verification-key.ts'
import {
  aFunction,
  checkOptions,
  must,
  oneOf,
  type OptionsShape,
  required,
  wholeNumber,
} from '../../internal/options/index.ts'
import { ecdsaSignature } from '../../internal/x509/verify/ecdsa-signature.ts'
import { aKeySource, type KeySource } from '../service-account/key-source.ts'
import type { TokenSigner } from './token-signer.ts'

/** Options of {@link keySigner}. */
export interface KeySignerOptions {
  /** The public half of the key, which says what it is called and how it signs. */
  readonly key: VerificationKey
  /**
   * Signs these bytes: RSA by PKCS #1 v1.5 with SHA-256, EC by ECDSA with the hash of its curve (SHA-256, SHA-384 or SHA-512). The signal is
   * aborted when nothing waits for the signature any longer.
   */
  readonly sign: (data: Uint8Array, options: { readonly signal: AbortSignal }) => Awaitable<Uint8Array>
  /** How ECDSA signatures come: `der` as AWS KMS, Google Cloud KMS and OpenSSL make them, or `raw` as JWS has them. Default `der`. */
  readonly ecdsaFormat?: 'der' | 'raw'
  /** What tokens are verified with, where there are older ones than those of this key. Default: this key. */
  readonly keys?: KeySource
  /** The longest life of a token, 600 or more. Default: any. */
  readonly maxExpirationSeconds?: number
}

const shape: OptionsShape<KeySignerOptions> = {
  key: required(
    must(
      'must be a key, as verificationKeysFromPem(...) makes',
      (value) =>
        typeof value === 'object' &&
        value !== null &&
        'kid' in value &&
        'alg' in value &&
        Object.hasOwn(KEY_PARAMETERS, String(value.alg)),
    ),
  ),
  sign: required(aFunction),
  ecdsaFormat: oneOf('der', 'raw'),
  keys: aKeySource,
  maxExpirationSeconds: wholeNumber(600),
}

/** How long each number of a signature is. */
const OCTETS = { ES256: 32, ES384: 48, ES512: 66 }

/**
 * A signer of tokens whose private key never leaves where it is kept: a KMS, an HSM, a vault. It is called with the bytes to be signed.
 *
 * @throws {ConfigurationError} when an option cannot work.
 * @example
 * const [key] = await verificationKeysFromPem(publicKeyPem)
 * const signer = keySigner({
 *   key,
 *   sign: async (data, { signal }) =>
 *     (await kms.sign({ KeyId, Message: data, MessageType: 'RAW', SigningAlgorithm: 'ECDSA_SHA_256' }, { abortSignal: signal })).Signature,
 * })
 */
export function keySigner(options: KeySignerOptions): TokenSigner {
  checkOptions(shape, options)
  const { key, sign, ecdsaFormat = 'der', keys = [key], maxExpirationSeconds } = options
  const { alg, kid } = key
  const header = base64urlOf(bytesFromText(JSON.stringify({ alg, kid, typ: 'JWT' })))
  return {
    keys,
    ...(maxExpirationSeconds !== undefined && { maxExpirationSeconds }),
    async sign({ payload, signal }) {
      const signature = await sign(bytesFromText(`${header}.${payload}`), { signal })
      if (!(signature instanceof Uint8Array)) throw new TypeError('the signer returned no bytes')
      const raw =
        alg === 'RS256' || ecdsaFormat === 'raw'
          ? signature
          : ecdsaSignature(Uint8Array.from(signature), OCTETS[alg])
      return { header, signature: base64urlOf(raw) }
    },
  }
}
