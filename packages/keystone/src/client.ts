import { type ConfigurationProblem, unavailable } from '@kube-authn/core'
import { aFunction, checkOptions, type OptionsShape, required, wholeNumber } from '@kube-authn/core/adapter'
import { defined, problemOf } from '@kube-authn/core/internal'
import { call, type KeystoneAnswer, type KeystoneCall, type KeystoneFetch } from './call.ts'
import { unusable } from './json.ts'
import {
  type GroupsPage,
  isTokenText,
  type KeystoneGroup,
  type KeystoneToken,
  readGroups,
  readToken,
} from './token.ts'

/** A domain, by its id or by its name. */
export type KeystoneDomain = { readonly id: string } | { readonly name: string }

/** A user and password to log in with. User names are unique only within a domain. */
export type KeystoneCredential = { readonly password: string } & (
  | { readonly name: string; readonly domain: KeystoneDomain }
  | { readonly id: string }
)

/** The scope of a token. Project names are unique only within a domain. */
export type KeystoneScope =
  | { readonly project: { readonly id: string } | { readonly name: string; readonly domain: KeystoneDomain } }
  | { readonly domain: KeystoneDomain }
  | { readonly system: { readonly all: true } }
  | 'unscoped'

/** A token that Keystone issued to a user. */
export interface CreatedToken {
  /** The token itself: a secret. */
  readonly id: string
  readonly token: KeystoneToken
}

/** A refusal by Keystone: 401, 403 or 404. */
export interface KeystoneRefusal {
  readonly refusedWith: number
  /** The password was correct, but another factor is required. */
  readonly needsAnotherFactor: boolean
}

/** The calls of Identity v3 that authentication needs. Nothing is stored between calls, in particular no token. */
export interface KeystoneClient {
  /** `POST /v3/auth/tokens`. */
  createToken(
    credential: KeystoneCredential,
    scope: KeystoneScope | undefined,
    signal: AbortSignal,
  ): Promise<CreatedToken | KeystoneRefusal>
  /** `GET /v3/auth/tokens`: validates `subjectToken`. `authToken` authorizes the call; it may be the same token. */
  validateToken(
    subjectToken: string,
    authToken: string,
    signal: AbortSignal,
  ): Promise<KeystoneToken | KeystoneRefusal>
  /** `GET /v3/users/{id}/groups`, all pages. */
  groupsOf(
    userId: string,
    authToken: string,
    signal: AbortSignal,
  ): Promise<readonly KeystoneGroup[] | KeystoneRefusal>
}

/** Options of {@link keystoneClient}. */
export interface KeystoneClientOptions {
  /** The URL of Keystone, with or without `/v3`; must be `https` (`--experimental-keystone-url`). */
  readonly url: string
  /** Makes the calls; for a private CA, use `createFetch` of `@kube-authn/node`. Default: the runtime's `fetch`. */
  readonly fetch?: KeystoneFetch
  /** Larger responses are rejected. Default 1,048,576. */
  readonly maxBytes?: number
}

export const keystoneClientShape: OptionsShape<KeystoneClientOptions> = {
  url: required(aKeystoneUrl),
  fetch: aFunction,
  maxBytes: wholeNumber(1),
}

/** Far more pages than a user's groups fill. */
const MAX_PAGES = 10

/**
 * A client for the parts of Identity v3 that authentication needs.
 *
 * Every method throws an {@link AuthenticationError}, `unavailable`, if Keystone cannot be reached or its response is invalid.
 *
 * Source: OpenStack Identity API v3.
 *
 * Deviation: `https` only, no redirects, bounded responses (`docs/deviations.md`, webhooks).
 *
 * @throws {ConfigurationError} if an option is invalid.
 * @example
 * const keystone = keystoneClient({ url: 'https://keystone.example.com:5000' })
 * const { signal } = new AbortController()
 * const answer = await keystone.validateToken(token, token, signal)
 * if (!('refusedWith' in answer)) console.log(answer.user?.name, answer.expiresAt)
 */
export function keystoneClient(options: KeystoneClientOptions): KeystoneClient {
  checkOptions(keystoneClientShape, options)
  return clientOf(options)
}

/** Creates the client from validated options. */
export function clientOf(options: KeystoneClientOptions): KeystoneClient {
  const { fetch = (url, init) => globalThis.fetch(url, init), maxBytes = 1_048_576 } = options
  const base = identityUrl(options.url)
  // The service catalog is large and not needed.
  const tokensUrl = `${base}/auth/tokens?nocatalog`
  const ask = (asked: Omit<KeystoneCall, 'maxBytes'>, signal: AbortSignal, most = maxBytes) =>
    call({ ...asked, maxBytes: most }, fetch, signal)
  return {
    async createToken(credential, scope, signal) {
      const { password, ...who } = credential
      const user = { ...who, password }
      const identity = { methods: ['password'], password: { user } }
      const body = { auth: { identity, ...defined({ scope }) } }
      const answer = await ask({ url: tokensUrl, method: 'POST', body, secrets: [password] }, signal)
      if (isRefusal(answer)) return refusal(answer)
      const id = answer.header('x-subject-token')
      if (id === undefined || !isTokenText(id)) throw unusable('it has no token in its header')
      return { id, token: readToken(answer.text) }
    },

    async validateToken(subjectToken, authToken, signal) {
      const headers = { ...authorized(authToken), 'x-subject-token': checked(subjectToken) }
      const secrets = [subjectToken, authToken]
      const answer = await ask({ url: tokensUrl, method: 'GET', headers, secrets }, signal)
      return isRefusal(answer) ? refusal(answer) : readToken(answer.text)
    },

    async groupsOf(userId, authToken, signal) {
      const groupsUrl = `${base}/users/${pathSegment(userId)}/groups`
      const headers = authorized(authToken)
      const groups: KeystoneGroup[] = []
      let query: GroupsPage['nextQuery'] = ''
      let remaining = maxBytes
      for (let page = 0; query !== undefined; page++) {
        if (page >= MAX_PAGES || remaining <= 0) throw unusable('there are too many groups')
        const asked = { url: groupsUrl + query, method: 'GET', headers, secrets: [authToken] } as const
        const answer = await ask(asked, signal, remaining)
        if (isRefusal(answer)) return refusal(answer)
        remaining -= answer.text.length
        const { groups: more, nextQuery } = readGroups(answer.text)
        for (const group of more) groups.push(group)
        query = nextQuery
      }
      return groups
    },
  }
}

/** Checks the `scope` option. */
export function aScope(scope: unknown, path: string): readonly ConfigurationProblem[] {
  if (scope === 'unscoped') return []
  const [[kind, value] = [], ...others] = Object.entries(Object(scope) as object)
  const isScope = others.length === 0 && SCOPES.has(kind) && typeof value === 'object' && value !== null
  return isScope
    ? []
    : problemOf(scope, path, "must name a project, a domain or the system, or be 'unscoped'")
}

const SCOPES: ReadonlySet<unknown> = new Set(['project', 'domain', 'system'])

function isRefusal({ status }: KeystoneAnswer): boolean {
  return status >= 400
}

function refusal(answer: KeystoneAnswer): KeystoneRefusal {
  return {
    refusedWith: answer.status,
    needsAnotherFactor: answer.header('openstack-auth-receipt') !== undefined,
  }
}

function authorized(token: string): { readonly 'x-auth-token': string } {
  return { 'x-auth-token': checked(token) }
}

/** Guards the header value. Callers have checked it already; this holds for every caller. */
function checked(token: string): string {
  if (isTokenText(token)) return token
  throw unavailable('the token has characters that cannot be sent to Keystone')
}

/** Encodes an id as one path segment, so that it cannot select another path. */
function pathSegment(id: string): string {
  if (/^\.{1,2}$/.test(id) || !id.isWellFormed()) throw unusable('the id of the user is invalid')
  return encodeURIComponent(id)
}

/** The base URL of Identity v3, without a trailing slash: `https://keystone.example.com:5000/v3`. */
function identityUrl(url: string): string {
  const base = new URL(url).href.replace(/\/+$/, '')
  return base.endsWith('/v3') ? base : `${base}/v3`
}

/**
 * Checks the URL of Keystone.
 *
 * Source: release-1.6 `plugin/pkg/authenticator/password/keystone` NewKeystoneAuthenticator, for the message.
 */
function aKeystoneUrl(url: unknown, path: string): readonly ConfigurationProblem[] {
  if (typeof url !== 'string') return problemOf(url, path, 'must be a URL')
  const parsed = URL.canParse(url) ? new URL(url) : undefined
  const messages = []
  if (parsed?.protocol !== 'https:') messages.push('Auth URL should be secure and start with https')
  else {
    if (parsed.username !== '' || parsed.password !== '') messages.push('must not have credentials in it')
    if (url.includes('?') || url.includes('#')) messages.push('must not have a query or a fragment')
    if (/\/v2\.0\/*$/.test(parsed.pathname))
      messages.push('must be an Identity v3 URL: v2.0 no longer exists')
  }
  return messages.map((message) => ({ path, message }))
}
