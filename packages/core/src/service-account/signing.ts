import { internalFailure, serviceUnavailable } from '../api/errors.ts'
import type { Clock } from '../clock.ts'
import type { Context } from '../context.ts'
import { ConfigurationError, type ConfigurationProblem, isAuthenticationError } from '../errors.ts'
import { notify } from '../events.ts'
import { signerCode } from '../external-signer-events.ts'
import { limitConcurrency } from '../limit-concurrency.ts'
import { refuseProblems } from '../options/index.ts'
import { aKeySource } from './key-source.ts'
import { signToken } from './sign-token.ts'
import type { TokenIssuerOptions } from './token-issuer.ts'
import { signedBy, type TokenSigner } from './token-signer.ts'

/** The shortest life that a signer must allow, which is what a request may ask for at least. */
const MIN_EXPIRATION_SECONDS = 600

/**
 * What is wrong with a signer.
 *
 * Source: kubernetes `pkg/controlplane/apiserver/options/options.go`.
 */
function signerProblems(
  signer: TokenSigner,
  { key, maxExpirationSeconds }: TokenIssuerOptions,
): readonly ConfigurationProblem[] {
  const problems = [...aKeySource(signer.keys, 'signer.keys')]
  if (key !== undefined) problems.push({ path: 'signer', message: 'cannot be set together with key' })
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

/**
 * Signs claims with the key, or by the signer.
 *
 * @throws {ConfigurationError} when there is neither, or the signer cannot work.
 * @throws {StatusError} from what it returns: 500 when a signer did not sign, and 503 when it has too much to sign.
 */
export function signing(
  options: TokenIssuerOptions,
  clock: Clock,
): (claims: object, context: Context) => Promise<string> {
  const { signTimeoutSeconds = 10 } = options
  const signer = options.signer ?? options.key
  if (signer === undefined) {
    throw new ConfigurationError([{ path: 'key', message: 'is required, unless there is a signer' }])
  }
  if (!('sign' in signer)) return (claims) => signToken(signer, claims)
  refuseProblems(signerProblems(signer, options))
  const limited = limitConcurrency({
    maxRunning: MAX_SIGNED_AT_ONCE,
    maxWaiting: MAX_WAITING,
    tooMany: 'too many tokens are being signed',
  })
  return async (claims, { observer, signal }) => {
    const tell = (code: string): void => notify(observer, { type: 'externalSigner', operation: 'sign', code })
    try {
      const token = await limited(
        () => signedBy(signer, claims, { timeoutSeconds: signTimeoutSeconds, clock, signal }),
        signal,
      )
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
