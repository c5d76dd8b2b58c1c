import type { Clock } from '../../internal/clock.ts'
import type { Context } from '../../authenticator/context.ts'
import { ConfigurationError, type ConfigurationProblem } from '../../authenticator/errors.ts'
import { refuseProblems } from '../../internal/options/index.ts'
import { aKeySource } from './key-source.ts'
import { signToken } from './sign-token.ts'
import type { TokenIssuerOptions } from './token-issuer-options.ts'
import type { TokenSigner } from '../signer/token-signer.ts'

/** The smallest maximum expiration that a signer may have: the minimum that a request may ask for. */
const MIN_EXPIRATION_SECONDS = 600

/**
 * The configuration problems of a signer.
 *
 * Source: kubernetes `pkg/controlplane/apiserver/options/options.go`.
 */
function signerProblems(
  signer: TokenSigner,
  { signingKey, maxExpirationSeconds }: TokenIssuerOptions,
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

/**
 * Returns a function that signs claims with the key or the signer. It rejects with a {@link StatusError}: 500 if the signer failed, 503 if
 * too many signatures are pending.
 *
 * @throws {ConfigurationError} if neither is set, or the signer is invalid.
 */
export function signing(
  options: TokenIssuerOptions,
  clock: Clock,
): (claims: object, context: Context) => Promise<string> {
  const { signTimeoutSeconds = 10 } = options
  const signer = options.signer ?? options.signingKey
  if (signer === undefined) {
    throw new ConfigurationError([{ path: 'signingKey', message: 'is required unless signer is set' }])
  }
  if (!('sign' in signer)) return (claims) => signToken(signer, claims)
  refuseProblems(signerProblems(signer, options))
  let sign: ((claims: object, context: Context) => Promise<string>) | undefined
  return async (claims, context) => {
    // Loaded on demand: most issuers use a key.
    const { signingElsewhere } = await import('../signer/signing-elsewhere.ts')
    sign ??= signingElsewhere(signer, signTimeoutSeconds, clock)
    return sign(claims, context)
  }
}
