import type { Authenticator, HeaderChanges, TokenAuthenticator } from '../../authenticator/authenticator.ts'
import { answerOr, attempt } from '../../authenticator/consult.ts'
import { type AuthenticationError, rejected } from '../../authenticator/errors.ts'
import { knownTokens } from '../../authenticator/known-tokens.ts'
import { andThen } from '../../internal/awaitable.ts'
import {
  aTokenAuthenticator,
  optionProblems,
  type OptionsShape,
  refuseProblems,
  wholeNumber,
} from '../../internal/options/index.ts'
import { readBearerToken } from './read.ts'

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
      const opinion = attempt(tokens, context, () => tokens.authenticateToken(token, context))
      return andThen(opinion, (known) => ({ ...answerOr(known, unknownToken), consumed }))
    },
  }
}

const consumed: HeaderChanges = Object.freeze({ remove: ['authorization'] })
