import type { AuthenticationRequest, Context, TokenAuthenticator, UserInfo } from '@kube-authn/core'
import { aFunction, type OptionsShape, required } from '@kube-authn/core/adapter'
import {
  isAuthenticationError,
  intersectAudiences,
  CLIENT_ID_KEY,
  scopesOf,
  aTokenAuthenticator,
  optionProblems,
  presentsCertificate,
  refuseProblems,
  someAudiences,
} from '@kube-authn/core/internal'

/** Options of {@link mcpTokenVerifier}. */
export interface McpTokenVerifierOptions {
  /** Makes the error that the SDK answers with a 401: `(message) => new InvalidTokenError(message)`. */
  readonly invalidToken: (message: string) => Error
  /** The audiences that tokens must be valid for. Default: those of the authenticator. */
  readonly audiences?: readonly string[]
  /**
   * The request of which the token is verified, such as from an `AsyncLocalStorage`: then a token that is bound to a certificate is accepted on the connection with that certificate. Default: it is
   * refused, since the SDK does not pass the request on. Tokens that are bound to a key (DPoP) are refused in any case, since the SDK reads `Bearer` only.
   */
  readonly request?: () => AuthenticationRequest | undefined
}

const shape: OptionsShape<McpTokenVerifierOptions> = {
  invalidToken: required(aFunction),
  audiences: someAudiences,
  request: aFunction,
}

/** What the SDK gets to know of a token: its `AuthInfo`. */
export interface McpAuthInfo {
  token: string
  /** The client of the token, or the user if the token names no client. */
  clientId: string
  scopes: string[]
  /** In seconds since the epoch. */
  expiresAt?: number
  /** `user` is who the token belongs to. */
  extra: { user: UserInfo }
}

/** The `OAuthTokenVerifier` of the MCP TypeScript SDK. */
export interface McpTokenVerifier {
  verifyAccessToken(token: string): Promise<McpAuthInfo>
}

/**
 * A token authenticator as the verifier of `requireBearerAuth` of the MCP TypeScript SDK (`@modelcontextprotocol/sdk`). Scopes are the extra `scopes` of
 * the user, and the client is the extra `client-id`: `oidc` with `accessTokens` and `introspection` set both.
 *
 * The SDK refuses tokens without an expiry. It answers an outage with a 500, since the verifier then throws the error `unavailable`.
 *
 * @throws {ConfigurationError} if an option is invalid.
 * @example
 * const invalidToken = (message: string) => new InvalidTokenError(message)
 * app.post('/mcp', requireBearerAuth({ verifier: mcpTokenVerifier(tokens, { invalidToken }) }), handleMcp)
 */
export function mcpTokenVerifier(
  tokens: TokenAuthenticator,
  options: McpTokenVerifierOptions,
): McpTokenVerifier {
  refuseProblems(aTokenAuthenticator(tokens, 'tokens'), optionProblems(shape, options))
  const { invalidToken, audiences, request } = options
  const contextNow = (): Context => {
    const sent = request?.()
    return {
      ...(audiences !== undefined && { audiences }),
      ...(sent !== undefined && { holdsCertificate: (thumbprint) => presentsCertificate(sent, thumbprint) }),
    }
  }

  const authenticate = async (token: string): ReturnType<typeof ask> => {
    try {
      return await ask(token)
    } catch (error) {
      // The reason is for logs only.
      if (isAuthenticationError(error) && error.code === 'rejected') throw invalidToken('Unauthorized')
      throw error
    }
  }
  const ask = async (token: string) => tokens.authenticateToken(token, contextNow())

  return {
    async verifyAccessToken(token) {
      const answer = await authenticate(token)
      if (answer === undefined || answer.user.username === '') throw invalidToken('Unauthorized')
      const valid = answer.audiences ?? []
      if (audiences !== undefined && valid.length > 0 && intersectAudiences(audiences, valid).length === 0) {
        throw invalidToken('Unauthorized')
      }
      const { user, expiresAtMs } = answer
      return {
        token,
        clientId: user.extra[CLIENT_ID_KEY]?.[0] ?? user.username,
        scopes: [...scopesOf(user)],
        ...(expiresAtMs !== undefined && { expiresAt: Math.floor(expiresAtMs / 1000) }),
        extra: { user },
      }
    },
  }
}
