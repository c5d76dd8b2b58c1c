import type { Clock } from '@kube-authn/core'
import { isObject, memberOf } from '@kube-authn/core/internal'
import { withoutControls } from '@kube-authn/internal/printable'
import type { HttpFetch } from '@kube-authn/node'
import { isToken, type OidcProvider } from '@kube-authn/node/internal'
import * as oauth from 'oauth4webapi'
import { Failure, failWith, reasonOf } from '../../failure.ts'
import { clientAuthentications, requestsBy } from '../../oauth.ts'
import { parsedJson } from '../../terminal/input.ts'
import type { CredentialSource } from '../authenticated-fetch.ts'

/** The tokens of a login. An absent one is empty. */
export interface ProviderTokens {
  readonly idToken: string
  readonly refreshToken: string
}

export interface TokenStore {
  /** Runs `work` while no other process renews these tokens, with those that are kept now. @throws {Failure} if tokens could not be written. */
  exclusively<T>(work: (kept: ProviderTokens) => Promise<T>): Promise<T>
  write(tokens: RefreshedTokens): Promise<void>
}

export interface OidcSourceOptions {
  readonly provider: OidcProvider
  /** Calls the issuer. */
  readonly fetch: HttpFetch
  readonly store: TokenStore
  readonly clock: Clock
}

/**
 * The ID token of an OpenID Connect provider, renewed with its refresh token ten seconds before it expires. New tokens are used once they are written. One
 * renewal runs at a time, also among processes.
 *
 * Source: client-go `plugin/pkg/client/auth/oidc/oidc.go`.
 */
export function oidcSource({ provider, fetch, store, clock }: OidcSourceOptions): CredentialSource {
  let tokens: ProviderTokens = provider
  let renewing: Promise<ProviderTokens> | undefined

  const isFresh = ({ idToken }: ProviderTokens): boolean =>
    idToken !== '' && isFreshIdToken(idToken, clock.now())

  const renew = async (): Promise<ProviderTokens> => {
    if (tokens.refreshToken === '') {
      throw new Failure('No valid id-token, and cannot refresh without refresh-token')
    }
    tokens = await store.exclusively(async (kept) => {
      // Another process may have renewed them meanwhile.
      if (kept.idToken !== tokens.idToken && isFresh(kept)) return kept
      const refreshToken = kept.refreshToken === '' ? tokens.refreshToken : kept.refreshToken
      const renewed = await refreshedTokens(provider, refreshToken, fetch)
      await persisted(store.write(renewed))
      return { refreshToken, ...renewed }
    })
    return tokens
  }

  return {
    async current() {
      if (renewing === undefined && isFresh(tokens)) return { token: tokens.idToken }
      renewing ??= renew().finally(() => {
        renewing = undefined
      })
      return { token: (await renewing).idToken }
    },
    // A server that refuses a token does not get it again: the next one comes when it expires.
    refused: () => Promise.resolve(),
  }
}

async function persisted(writing: Promise<void>): Promise<void> {
  try {
    await writing
  } catch (error) {
    const why = error instanceof Failure ? `: ${error.message}` : ''
    throw new Failure(`could not persist new tokens${why}`, { cause: error })
  }
}

/** A token that expires on its way would be refused. */
const EARLY_MS = 10_000

/**
 * Whether an ID token is valid for more than ten seconds. Its signature is not checked: that is for the server.
 *
 * Source: client-go `plugin/pkg/client/auth/oidc/oidc.go` (idTokenExpired), also of the messages.
 *
 * @throws {Failure} if it is malformed.
 */
export function isFreshIdToken(idToken: string, nowMs: number): boolean {
  const [, payload = '', ...rest] = idToken.split('.')
  if (rest.length !== 1 || !isToken(idToken)) throw new Failure('ID Token is not a valid JWT')
  return nowMs + EARLY_MS < expiryIn(payload) * 1000
}

/** In seconds; `-Infinity` if there is none. */
function expiryIn(payload: string): number {
  if (!/^[\w-]*$/.test(payload) || payload.length % 4 === 1) {
    throw new Failure('ID Token is not a valid JWT: illegal base64 data')
  }
  const claims = parsedJson(Buffer.from(payload, 'base64url').toString('utf8'))
  if (claims === undefined) throw new Failure('parsing claims: they are not JSON')
  if (claims !== null && !isObject(claims)) throw new Failure('parsing claims: they must be an object')
  if (claims === null || !Object.hasOwn(claims, 'exp')) return -Infinity
  const exp = memberOf(claims, 'exp')
  // A string is taken too, if it is a number of JSON.
  const text = typeof exp === 'string' ? exp : typeof exp === 'number' ? String(exp) : ''
  const seconds = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/.test(text) ? Number(text) : NaN
  if (!Number.isFinite(seconds)) throw new Failure('parsing claims: exp must be a number')
  return Math.trunc(seconds)
}

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
async function refreshedTokens(
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
