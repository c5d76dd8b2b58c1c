import type { Awaitable } from '@kube-authn/core'
import {
  aFunction,
  checkOptions,
  oneOf,
  type OptionsShape,
  required,
  wholeNumber,
} from '@kube-authn/core/adapter'
import { base64urlOf, must } from '@kube-authn/core/internal'
import {
  type VerificationKey,
  aKeySource,
  type KeySource,
  KEY_PARAMETERS,
} from '@kube-authn/core/service-account'
import { bytesFromText } from '@kube-authn/internal/byte-text'
import { ecdsaSignature } from '@kube-authn/x509'
import type { TokenSigner } from './token-signer.ts'

/** Options of {@link keySigner}. */
export interface KeySignerOptions {
  /** The public key, which determines `kid` and algorithm. */
  readonly verificationKey: VerificationKey
  /**
   * Signs the bytes: RSA by PKCS #1 v1.5 with SHA-256, EC by ECDSA with the hash of its curve (SHA-256, SHA-384 or SHA-512). The signal
   * aborts when the signature is no longer needed.
   */
  readonly sign: (data: Uint8Array, options: { readonly signal: AbortSignal }) => Awaitable<Uint8Array>
  /** Format of ECDSA signatures: `der`, as from AWS KMS, Google Cloud KMS and OpenSSL, or `raw`, as in JWS. Default `der`. */
  readonly ecdsaFormat?: 'der' | 'raw'
  /** Keys to verify tokens with, if older keys are still in use. Default: `verificationKey`. */
  readonly keys?: KeySource
  /** Maximum token lifetime, at least 600. Default: unlimited. */
  readonly maxExpirationSeconds?: number
}

const shape: OptionsShape<KeySignerOptions> = {
  verificationKey: required(
    must(
      'must be a key, such as one of verificationKeysFromPem(...)',
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

/** Octets of each number in a signature. */
const OCTETS = { ES256: 32, ES384: 48, ES512: 66 }

/**
 * Creates a token signer whose private key stays in a KMS, an HSM or a vault. Only the bytes to sign are passed to it.
 *
 * @throws {ConfigurationError} if an option is invalid.
 * @example
 * const [verificationKey] = await verificationKeysFromPem(publicKeyPem)
 * const signer = keySigner({
 *   verificationKey,
 *   sign: async (data, { signal }) =>
 *     (await kms.sign({ KeyId, Message: data, MessageType: 'RAW', SigningAlgorithm: 'ECDSA_SHA_256' }, { abortSignal: signal })).Signature,
 * })
 */
export function keySigner(options: KeySignerOptions): TokenSigner {
  checkOptions(shape, options)
  const { verificationKey: key, sign, ecdsaFormat = 'der', keys = [key], maxExpirationSeconds } = options
  const { alg, kid } = key
  const header = base64urlOf(bytesFromText(JSON.stringify({ alg, kid, typ: 'JWT' })))
  return {
    keys,
    ...(maxExpirationSeconds !== undefined && { maxExpirationSeconds }),
    async sign({ payload, signal }) {
      const signature = await sign(bytesFromText(`${header}.${payload}`), { signal })
      if (!(signature instanceof Uint8Array)) throw new TypeError('the signer did not return a Uint8Array')
      const raw =
        alg === 'RS256' || ecdsaFormat === 'raw'
          ? signature
          : ecdsaSignature(Uint8Array.from(signature), OCTETS[alg])
      return { header, signature: base64urlOf(raw) }
    },
  }
}
