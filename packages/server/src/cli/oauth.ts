import * as oauth from 'oauth4webapi'
import type { HttpFetch } from '@kube-authn/node'

export type CustomFetch = (
  url: string,
  options: oauth.CustomFetchOptions<string, URLSearchParams | undefined>,
) => Promise<Response>

/** Sends the requests of oauth4webapi by another `fetch`. */
export function requestsBy(fetch: HttpFetch): CustomFetch {
  return (url, { method, headers, body, signal }) =>
    fetch(url, { method, headers, body: body === undefined ? null : String(body), signal })
}

/**
 * The ways in which a client may authenticate at the token endpoint, the one to try first at the beginning: with its secret in a header unless the issuer does
 * not list that, then in the body.
 *
 * Source: RFC 6749 section 2.3.1, RFC 8414 section 2 (`token_endpoint_auth_methods_supported`).
 *
 * @param secret empty for a public client.
 */
export function clientAuthentications(
  server: oauth.AuthorizationServer,
  secret: string,
): readonly [oauth.ClientAuth, ...oauth.ClientAuth[]] {
  if (secret === '') return [oauth.None()]
  const methods = server.token_endpoint_auth_methods_supported ?? ['client_secret_basic']
  const inBody = oauth.ClientSecretPost(secret)
  return methods.includes('client_secret_basic') ? [oauth.ClientSecretBasic(secret), inBody] : [inBody]
}
