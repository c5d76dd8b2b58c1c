import type { Clock } from '../../internal/clock.ts'
import type { Context } from '../../authenticator/context.ts'
import { ConfigurationError, type ConfigurationProblem } from '../../authenticator/errors.ts'
import { refuseProblems } from '../../internal/options/index.ts'
import { aKeySource } from './key-source.ts'
import { signToken } from './sign-token.ts'
import type { TokenIssuerOptions } from './token-issuer.ts'
import type { TokenSigner } from '../signer/token-signer.ts'

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
  let sign: ((claims: object, context: Context) => Promise<string>) | undefined
  return async (claims, context) => {
    // Most issuers have a key.
    const { signingElsewhere } = await import('../signer/signing-elsewhere.ts')
    sign ??= signingElsewhere(signer, signTimeoutSeconds, clock)
    return sign(claims, context)
  }
}
