import type {
  Authentication,
  Authenticator,
  HeaderChanges,
  TokenAuthenticator,
} from '../authenticator/authenticator.ts'
import { askToken, attempt, type Opinion } from '../authenticator/consult.ts'
import type { Context } from '../authenticator/context.ts'
import { type AuthenticationError, rejected } from '../authenticator/errors.ts'
import { knownTokens } from '../authenticator/known-credentials.ts'
import { andThen } from '../internal/awaitable.ts'
import {
  aTokenAuthenticator,
  optionProblems,
  type OptionsShape,
  refuseProblems,
  wholeNumber,
} from '../internal/options/index.ts'
import { trimmed } from '../internal/trimmed.ts'

/** Options of {@link bearerToken} and `webSocketProtocol`. */
export interface TokenExtractionOptions {
  /**
   * A longer token is refused without a lookup. Default 65,536 characters.
   *
   * Deviation: kube-apiserver limits headers only (`docs/deviations.md`, long credentials).
   */
  readonly maxTokenLength?: number
}

/** The checks of {@link TokenExtractionOptions}. */
export const tokenExtractionShape: OptionsShape<TokenExtractionOptions> = { maxTokenLength: wholeNumber(1) }

/** The default of {@link TokenExtractionOptions.maxTokenLength}. */
export const MAX_TOKEN_LENGTH = 65_536

/** No token authenticator knew the token. Shared, since it contains nothing from the request. */
export const unknownToken: AuthenticationError = Object.freeze(rejected('invalid bearer token'))

/**
 * Passes the token of `Authorization: Bearer TOKEN` to a token authenticator. Only the first `Authorization` header counts.
 *
 * Without a token it has no opinion. With a token it returns a user or throws: an unknown token is an `invalid bearer token`.
 *
 * Source: apiserver `pkg/authentication/request/bearertoken`, RFC 6750 section 2.1.
 *
 * @throws {ConfigurationError} if `tokens` is not a token authenticator, or an option is invalid.
 * @example
 * const authenticator = bearerToken(tokenFile('31ada4fd-adec-460c-809a-9e56ceb75269,jane,1,"admins,ops"'))
 */
export function bearerToken(tokens: TokenAuthenticator, options: TokenExtractionOptions = {}): Authenticator {
  refuseProblems(aTokenAuthenticator(tokens, 'tokens'), optionProblems(tokenExtractionShape, options))
  const maxTokenLength = options.maxTokenLength ?? MAX_TOKEN_LENGTH

  return {
    name: 'bearerToken',
    credentials: { schemes: ['Bearer'], known: [() => knownTokens(tokens)] },
    authenticate(request, context) {
      const token = readBearerToken(request.headers.first('authorization'), context)
      if (token === undefined) return undefined
      if (token.length > maxTokenLength)
        throw rejected(`bearer token is longer than ${maxTokenLength} characters`)
      return andThen(attempt(askToken, tokens, token, context), userOfToken)
    },
  }
}

const userOfToken = orRefuse(unknownToken, Object.freeze({ remove: ['authorization'] }))

/** Returns the user of a credential that was sent, with the headers that carried it; throws the error of the authenticator or, if it has no opinion, `unknown`. */
export function orRefuse(
  unknown: AuthenticationError,
  consumed: HeaderChanges,
): (opinion: Opinion) => Authentication {
  return ({ answer, error }) => {
    if (answer === undefined) throw error ?? unknown
    return { ...answer, consumed }
  }
}

/**
 * The token of an `Authorization` value, read as kube-apiserver does: the scheme in any case, one space, and everything up to
 * the next space. `undefined` if there is none.
 *
 * Deviation: kube-apiserver also warns about a second space if another credential is accepted (`docs/deviations.md`, warning of blanks).
 */
export function readBearerToken(authorization: string | undefined, context: Context): string | undefined {
  if (authorization === undefined) return undefined
  const value = trimAscii(authorization)
  const token = /^bearer ([^ ]*)/i.exec(value)?.[1]
  if (token === undefined) return undefined
  if (token === '') {
    context.warn?.(
      'the provided Authorization header contains extra space before the bearer token, and is ignored',
    )
    return undefined
  }
  return token
}

/** Whether the value starts with the lower-case scheme, in any case, and a space. */
export function hasScheme(value: string, scheme: string): boolean {
  return value.slice(0, scheme.length + 1).toLowerCase() === `${scheme} `
}

/**
 * Trims ASCII white space from both ends; `String.prototype.trim` would trim more than HTTP allows.
 *
 * Deviation: Go trims all Unicode white space (`docs/deviations.md`, white space in headers).
 */
export function trimAscii(value: string): string {
  return trimmed(value, ' \t\n\v\f\r')
}
