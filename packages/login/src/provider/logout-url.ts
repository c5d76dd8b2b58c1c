import { LoginFailure } from '../login-failure.ts'
import { isHttps, withParameters } from './authorization-url.ts'
import type { Provider } from './provider.ts'

/**
 * Where a person is also logged out at the provider; `undefined` if it offers no such thing or cannot be reached, since a logout here must succeed anyway.
 *
 * @param idToken the id token that the provider is sent, if any.
 *
 * Source: OpenID Connect RP-Initiated Logout 1.0 section 2.
 */
export async function providerLogoutUrl(
  { server, options }: Provider,
  idToken: string | undefined,
  returnTo: string,
): Promise<string | undefined> {
  try {
    const { end_session_endpoint: endpoint = '' } = await server()
    if (!isHttps(endpoint)) return undefined
    const parameters = {
      ...(idToken !== undefined && { id_token_hint: idToken }),
      client_id: options.clientId,
      post_logout_redirect_uri: returnTo,
    }
    return withParameters(endpoint, new URLSearchParams(parameters))
  } catch (error) {
    if (error instanceof LoginFailure) return undefined
    throw error
  }
}
