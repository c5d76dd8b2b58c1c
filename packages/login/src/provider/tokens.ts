import * as oauth from 'oauth4webapi'
import { emptyContext, type TokenAuthenticator } from '@kube-authn/core'
import { isAuthenticationError } from '@kube-authn/core/internal'
import { LoginFailure } from '../login-failure.ts'
import type { SessionContent } from '../sessions/session-keeper.ts'
import type { LoginSecrets } from './authorization-url.ts'
import { providerStep } from './failures.ts'
import type { Provider } from './provider.ts'

/** What a response of a provider says of a session. */
export type Tokens = Omit<SessionContent, 'certificate' | 'provider' | 'username'>

/**
 * Exchanges the code of a callback. Checked are the state, `iss` of the response, the code verifier, and of the id token its issuer, audience, times,
 * nonce and `auth_time`; its signature is checked by the chain afterwards.
 *
 * Source: OpenID Connect Core 1.0 sections 3.1.2.7 and 3.1.3, RFC 7636 section 4.5, RFC 9207 section 2.4.
 *
 * @throws {LoginFailure} if the provider refused, or its answer is not good.
 */
export async function exchangedTokens(
  provider: Provider,
  callback: URLSearchParams,
  { state, nonce, verifier }: LoginSecrets,
): Promise<Tokens> {
  const server = await provider.server()
  const { authenticatedWithinSeconds: maxAge } = provider.options
  const exchange = async (): Promise<Tokens> => {
    const client = provider.client()
    const response = await oauth.authorizationCodeGrantRequest(
      server,
      client,
      provider.authentication(server),
      oauth.validateAuthResponse(server, client, callback, state),
      provider.redirectUri,
      verifier,
      provider.call,
    )
    const tokens = await oauth.processAuthorizationCodeResponse(server, client, response, {
      expectedNonce: nonce,
      requireIdToken: true,
      ...(maxAge !== undefined && { maxAge }),
    })
    return readTokens(server.issuer, tokens)
  }
  return providerStep(server.issuer, exchange, { ...provider.options, redirectUri: provider.redirectUri })
}

/** The provider took the refresh token back, or the session there is over. */
export const SESSION_OVER: unique symbol = Symbol('the session at the provider is over')

/**
 * Gets a new id token. A provider that sends no new refresh token keeps the old one valid, and one that sends no id token has nothing to extend a
 * session with.
 *
 * Source: RFC 6749 sections 5.2 and 6, OpenID Connect Core 1.0 section 12.2.
 *
 * @throws {LoginFailure} if the provider cannot answer now.
 */
export async function refreshedTokens(
  provider: Provider,
  refreshToken: string,
): Promise<Tokens | typeof SESSION_OVER> {
  const server = await provider.server()
  const client = provider.client()
  const response = await providerStep(server.issuer, () =>
    oauth.refreshTokenGrantRequest(
      server,
      client,
      provider.authentication(server),
      refreshToken,
      provider.call,
    ),
  )
  try {
    const answer = await oauth.processRefreshTokenResponse(server, client, response)
    return { refreshToken, ...readTokens(server.issuer, answer) }
  } catch (error) {
    if (error instanceof oauth.ResponseBodyError && error.error === 'invalid_grant') return SESSION_OVER
    return providerStep(server.issuer, () => Promise.reject(error), provider.options)
  }
}

/** The user of an id token by the token authenticators of the chain, or why it has none: for the log. @throws {AuthenticationError} `unavailable` if they cannot tell now. */
export async function acceptedUser(
  tokens: TokenAuthenticator,
  idToken: string,
): Promise<{ readonly username: string } | { readonly refusal: string }> {
  try {
    const answer = await tokens.authenticateToken(idToken, emptyContext)
    if (answer === undefined) return { refusal: 'no token authenticator knows the issuer of the id token' }
    const { username } = answer.user
    return username === '' ? { refusal: 'the id token names no user' } : { username }
  } catch (error) {
    if (!isAuthenticationError(error) || error.code !== 'rejected') throw error
    return { refusal: error.message }
  }
}

function readTokens(issuer: string, response: oauth.TokenEndpointResponse): Tokens {
  const claims = oauth.getValidatedIdTokenClaims(response)
  const { id_token: idToken, refresh_token: refreshToken } = response
  if (claims === undefined || idToken === undefined)
    throw new LoginFailure('badAnswer', `${issuer} sent no id token`)
  const { sid } = claims
  return {
    idToken,
    expiresAtMs: claims.exp * 1000,
    subject: claims.sub,
    ...(refreshToken !== undefined && { refreshToken }),
    ...(typeof sid === 'string' && sid !== '' && { providerSession: sid }),
  }
}
