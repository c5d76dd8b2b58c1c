import { type Authenticator, rejected, type TokenAuthenticator } from '@kube-authn/core'
import {
  andThen,
  askToken,
  aTokenAuthenticator,
  attempt,
  MAX_TOKEN_LENGTH,
  optionProblems,
  orRefuse,
  refuseProblems,
  type TokenExtractionOptions,
  tokenExtractionShape,
  trimAscii,
  unknownToken,
} from '@kube-authn/core/internal'

/**
 * Passes the token of `X-Auth-Token: TOKEN`, as OpenStack clients send it, to a token authenticator. Only the first such header counts.
 *
 * Without a token it has no opinion. With a token it returns a user or throws. The header never reaches an application, whichever
 * authenticator accepted the request.
 *
 * Source: OpenStack Identity API v3.
 *
 * @example
 * const authenticator = xAuthToken(cached(keystoneToken({ url: 'https://keystone.example.com:5000' })))
 */
export function xAuthToken(tokens: TokenAuthenticator, options: TokenExtractionOptions = {}): Authenticator {
  refuseProblems(aTokenAuthenticator(tokens, 'tokens'), optionProblems(tokenExtractionShape, options))
  const { maxTokenLength = MAX_TOKEN_LENGTH } = options
  const consumed = Object.freeze({ remove: ['x-auth-token'] })

  return {
    name: 'xAuthToken',
    credentials: {
      schemes: [],
      identityHeaders: [() => consumed],
      known: [() => [{ type: 'header', name: 'X-Auth-Token' }]],
    },
    authenticate(request, context) {
      const token = trimAscii(request.headers.first('x-auth-token') ?? '')
      if (token === '') return undefined
      if (token.length > maxTokenLength)
        throw rejected(`X-Auth-Token is longer than ${maxTokenLength} characters`)
      return andThen(attempt(askToken, tokens, token, context), orRefuse(unknownToken, consumed))
    },
  }
}
