import { type Clock, ConfigurationError, type ConfigurationProblem, type Context } from '@kube-authn/core'
import { notify } from '@kube-authn/core/adapter'
import {
  internalFailure,
  isAuthenticationError,
  limitConcurrency,
  refuseProblems,
  serviceUnavailable,
} from '@kube-authn/core/internal'
import { aKeySource } from '@kube-authn/core/service-account'
import type { SigningKey } from './signing-key.ts'
import { signedBy, signerCode, type TokenSigner } from './token-signer.ts'

/** How an issuer signs. */
export interface SigningOptions {
  /** The signing key (`--service-account-signing-key-file`). Either this or `signer` is required. */
  readonly signingKey?: SigningKey
  /** A remote signer (`--service-account-signing-endpoint`): a KMS, a vault, an external signer. */
  readonly signer?: TokenSigner
  /** The timeout of `signer` for one token. Default 10. */
  readonly signTimeoutSeconds?: number
  /**
   * The maximum expiration, 3,600 or more; longer requests are shortened to it (`--service-account-max-token-expiration`). Default: the
   * maximum of the signer, or no limit.
   */
  readonly maxExpirationSeconds?: number
}

/** Signs claims as a JWT. */
export type SignClaims = (claims: object, context: Context) => Promise<string>

/**
 * Returns a function that signs claims with the key or the signer. It rejects with a {@link StatusError}: 500 if the signer failed, 503 if
 * too many signatures are pending.
 *
 * @throws {ConfigurationError} if neither is set, or the signer is invalid.
 */
export function signing(options: SigningOptions, clock: Clock): SignClaims {
  const { signingKey, signer, signTimeoutSeconds = 10 } = options
  if (signer !== undefined) {
    refuseProblems(signerProblems(signer, options))
    return signingElsewhere(signer, signTimeoutSeconds, clock)
  }
  if (signingKey === undefined) {
    throw new ConfigurationError([{ path: 'signingKey', message: 'is required unless signer is set' }])
  }
  return (claims) => signToken(signingKey, claims)
}

/**
 * Signs claims as a JWT in compact serialization, with `kid` and `alg` of the key in the header.
 *
 * Source: kubernetes `pkg/serviceaccount/jwt.go` (`GenerateToken`).
 *
 * @example
 * const token = await signToken(key, { iss: 'https://issuer.example.com', ...boundTokenClaims(content) })
 */
export async function signToken({ kid, alg, key }: SigningKey, claims: object): Promise<string> {
  // Loaded on demand: a process may sign elsewhere, or only fetch keys.
  const { CompactSign } = await import('jose/jws/compact/sign')
  const payload = new TextEncoder().encode(JSON.stringify(claims))
  return new CompactSign(payload).setProtectedHeader({ alg, kid }).sign(key)
}

/** The smallest maximum expiration that a signer may have: the minimum that a request may ask for. */
const MIN_EXPIRATION_SECONDS = 600

/**
 * The configuration problems of a signer.
 *
 * Source: kubernetes `pkg/controlplane/apiserver/options/options.go`.
 */
function signerProblems(
  signer: TokenSigner,
  { signingKey, maxExpirationSeconds }: SigningOptions,
): readonly ConfigurationProblem[] {
  const problems = [...aKeySource(signer.keys, 'signer.keys')]
  if (signingKey !== undefined) {
    problems.push({ path: 'signer', message: 'cannot be set together with signingKey' })
  }
  const { maxExpirationSeconds: longest = Infinity } = signer
  if (!(longest >= MIN_EXPIRATION_SECONDS)) {
    const message = `max token life supported by external-jwt-signer (${longest}s) is less than acceptable (min ${MIN_EXPIRATION_SECONDS}s)`
    problems.push({ path: 'signer.maxExpirationSeconds', message })
  } else if (maxExpirationSeconds !== undefined && maxExpirationSeconds > longest) {
    const message = `cannot be longer than the token expiration supported by the signer: ${maxExpirationSeconds}s > ${longest}s`
    problems.push({ path: 'maxExpirationSeconds', message })
  }
  return problems
}

const MAX_SIGNED_AT_ONCE = 64
const MAX_WAITING = 256

/** Signs claims with a signer, with limited concurrency. */
function signingElsewhere(signer: TokenSigner, timeoutSeconds: number, clock: Clock): SignClaims {
  const limited = limitConcurrency({
    maxConcurrent: MAX_SIGNED_AT_ONCE,
    maxWaiting: MAX_WAITING,
    tooMany: 'too many tokens are being signed',
  })
  return async (claims, { observer, signal }) => {
    const tell = (code: string): void => notify(observer, { type: 'externalSigner', operation: 'sign', code })
    try {
      const token = await limited(() => signedBy(signer, claims, timeoutSeconds, clock, signal), signal)
      tell('OK')
      return token
    } catch (error) {
      tell(signerCode(error))
      if (isAuthenticationError(error) && error.retryAfterSeconds !== undefined) {
        throw serviceUnavailable(error.message, error, error.retryAfterSeconds)
      }
      throw internalFailure('failed to generate token', error)
    }
  }
}
