import * as oauth from 'oauth4webapi'
import { isObject, memberOf } from '@kube-authn/core/internal'
import type { HttpFetch } from '@kube-authn/node'
import { isToken, type OidcProvider } from '@kube-authn/node/internal'
import { Failure, failWith, reasonOf } from '../../failure.ts'
import { withoutControls } from '@kube-authn/internal/printable'
import { clientAuthentications, requestsBy } from '../../oauth.ts'
import { parsedJson } from '../../terminal/input.ts'

/** The tokens of a refresh. */
export interface RefreshedTokens {
  readonly idToken: string
  /** Absent if the issuer sends none, since the old one is still good. */
  readonly refreshToken?: string
}

/**
 * Gets new tokens for a refresh token. Scopes are not sent. The new ID token is not checked: it comes from the issuer over TLS, and the server checks it.
 *
 * Source: client-go `plugin/pkg/client/auth/oidc/oidc.go` (idToken, tokenEndpoint), also of the messages; RFC 6749 section 6.
 *
 * Deviation: no redirect is followed, and the issuer must be reached over TLS (`docs/deviations.md`, refreshes of clients).
 *
 * @throws {Failure} if the issuer cannot be used, or refuses. It contains nothing of the body of a response but the error code and its description.
 */
export async function refreshedTokens(
  provider: OidcProvider,
  refreshToken: string,
  fetch: HttpFetch,
): Promise<RefreshedTokens> {
  const server = await discovered(provider.issuerUrl, fetch)
  const response = await grant(provider, server, refreshToken, fetch)
  const tokens = await jsonOf(response, provider.issuerUrl)
  if (response.status !== 200) throw refusal(response.status, tokens)
  if (tokens === undefined) throw new Failure('failed to refresh token: the answer is not JSON')
  const idToken = memberOf(tokens, 'id_token')
  if (typeof idToken !== 'string' || idToken === '') {
    throw new Failure(
      'token response did not contain an id_token, either the scope "openid" wasn\'t requested upon login, or the provider doesn\'t support id_tokens as part of the refresh response',
    )
  }
  if (!isToken(idToken))
    throw new Failure('failed to refresh token: the id_token contains characters that are not allowed')
  const next = memberOf(tokens, 'refresh_token')
  const isNew = typeof next === 'string' && next !== '' && next !== refreshToken
  return { idToken, ...(isNew && { refreshToken: next }) }
}

async function discovered(issuerUrl: string, fetch: HttpFetch): Promise<oauth.AuthorizationServer> {
  const address = `${issuerUrl.replace(/\/$/, '')}/.well-known/openid-configuration`
  if (!isHttps(address)) throw new Failure('idp-issuer-url: must be an https URL')
  const response = await reached(issuerUrl, fetch(address, { headers: { accept: 'application/json' } }))
  if (response.status !== 200) {
    await response.body?.cancel()
    const status = withoutControls(`${response.status} ${response.statusText}`.trim())
    throw new Failure(`oidc: failed to query metadata endpoint ${status}`)
  }
  const document = await jsonOf(response, issuerUrl)
  if (!isObject(document)) throw new Failure('oidc: failed to decode provider discovery object')
  const endpoint = memberOf(document, 'token_endpoint') ?? ''
  if (typeof endpoint !== 'string') throw new Failure('oidc: failed to decode provider discovery object')
  if (endpoint === '') throw new Failure("oidc: discovery object doesn't contain a token_endpoint")
  if (!isHttps(endpoint)) throw new Failure('oidc: the token_endpoint must be an https URL')
  const methods: unknown = memberOf(document, 'token_endpoint_auth_methods_supported')
  return {
    issuer: issuerUrl,
    token_endpoint: endpoint,
    ...(Array.isArray(methods) && {
      token_endpoint_auth_methods_supported: methods.filter((each) => typeof each === 'string'),
    }),
  }
}

/** Tries the next way to authenticate the client when the issuer does not accept one, as golang.org/x/oauth2 does. */
async function grant(
  { clientId, clientSecret, issuerUrl }: OidcProvider,
  server: oauth.AuthorizationServer,
  refreshToken: string,
  fetch: HttpFetch,
): Promise<Response> {
  const [first, ...others] = clientAuthentications(server, clientSecret)
  const ask = (authentication: oauth.ClientAuth): Promise<Response> =>
    reached(
      issuerUrl,
      oauth.refreshTokenGrantRequest(server, { client_id: clientId }, authentication, refreshToken, {
        [oauth.customFetch]: requestsBy(fetch),
      }),
    )
  let response = await ask(first)
  for (const authentication of others) {
    if (response.status !== 401 && response.status !== 400) break
    const error = memberOf(await jsonOf(response.clone(), issuerUrl), 'error')
    if (response.status === 400 && error !== 'invalid_client') break
    response = await ask(authentication)
  }
  return response
}

function reached<T>(issuerUrl: string, ask: Promise<T>): Promise<T> {
  return ask.catch(
    failWith((error) => `${new URL(issuerUrl).origin}: cannot be reached (${reasonOf(error)})`),
  )
}

/** `undefined` if it is not JSON. @throws {Failure} if it cannot be read: it is too long, for example. */
async function jsonOf(response: Response, issuerUrl: string): Promise<unknown> {
  return parsedJson(await reached(issuerUrl, response.text()))
}

function refusal(status: number, body: unknown): Failure {
  const [code, description] = ['error', 'error_description'].map((name) => memberOf(body, name))
  if (typeof code !== 'string') return new Failure(`failed to refresh token: HTTP ${status}`)
  const why = typeof description === 'string' ? ` (${description.slice(0, 300)})` : ''
  return new Failure(`failed to refresh token: ${withoutControls(code.slice(0, 100) + why)}`)
}

function isHttps(url: string): boolean {
  return URL.canParse(url) && new URL(url).protocol === 'https:'
}
