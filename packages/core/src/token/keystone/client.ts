import { type ConfigurationProblem, unavailable } from '../../authenticator/errors.ts'
import {
  aFunction,
  checkOptions,
  type OptionsShape,
  problemOf,
  required,
  wholeNumber,
} from '../../internal/options/index.ts'
import { call, type KeystoneAnswer, type KeystoneFetch } from './call.ts'
import { aKeystoneUrl, identityUrl } from './identity-url.ts'
import { unusable } from './json.ts'
import { type GroupsPage, type KeystoneGroup, type KeystoneToken, readGroups, readToken } from './token.ts'
import { isTokenText } from './token-text.ts'

/** A domain, by its id or by its name. */
export type KeystoneDomain = { readonly id: string } | { readonly name: string }

/** Who logs in. A name is unique within a domain only. */
export type KeystoneCredential = { readonly password: string } & (
  | { readonly name: string; readonly domain: KeystoneDomain }
  | { readonly id: string }
)

/** What a token is for. A name of a project is unique within a domain only. */
export type KeystoneScope =
  | { readonly project: { readonly id: string } | { readonly name: string; readonly domain: KeystoneDomain } }
  | { readonly domain: KeystoneDomain }
  | { readonly system: { readonly all: true } }
  | 'unscoped'

/** A token that was made for a user. */
export interface CreatedToken {
  /** The token itself: a secret. */
  readonly id: string
  readonly token: KeystoneToken
}

/** Keystone says no: 401, 403 or 404. */
export interface KeystoneRefusal {
  readonly refusedWith: number
  /** The password was right, and another factor is asked for. */
  readonly needsAnotherFactor: boolean
}

/** The calls of Identity v3 that authentication needs. Nothing is kept between them, least of all a token. */
export interface KeystoneClient {
  /** `POST /v3/auth/tokens`. */
  createToken(
    credential: KeystoneCredential,
    scope: KeystoneScope | undefined,
    signal: AbortSignal,
  ): Promise<CreatedToken | KeystoneRefusal>
  /** `GET /v3/auth/tokens`: what `subjectToken` is, asked with `authToken`, which may be the same. */
  validateToken(
    subjectToken: string,
    authToken: string,
    signal: AbortSignal,
  ): Promise<KeystoneToken | KeystoneRefusal>
  /** `GET /v3/users/{id}/groups`, all pages of it. */
  groupsOf(
    userId: string,
    authToken: string,
    signal: AbortSignal,
  ): Promise<readonly KeystoneGroup[] | KeystoneRefusal>
}

/** Options of {@link keystoneClient}. */
export interface KeystoneClientOptions {
  /** Where Keystone is, with or without `/v3`: `https` only (`--experimental-keystone-url`). */
  readonly url: string
  /** Makes the calls; with an authority of one's own, `createFetch` of `@kube-authn/node`. Default: the runtime's `fetch`. */
  readonly fetch?: KeystoneFetch
  /** A longer answer is none. Default 1,048,576. */
  readonly maxResponseBytes?: number
}

/** The checks of {@link KeystoneClientOptions}. */
export const keystoneClientShape: OptionsShape<KeystoneClientOptions> = {
  url: required(aKeystoneUrl),
  fetch: aFunction,
  maxResponseBytes: wholeNumber(1),
}

/** More pages than anybody has groups. */
const MAX_PAGES = 10

/**
 * Identity v3, as far as authentication needs it.
 *
 * Every method throws an {@link AuthenticationError}, `unavailable`, when Keystone cannot be asked or gives no usable answer.
 *
 * Source: OpenStack Identity API v3.
 *
 * Deviation: `https` only, no redirects, and an answer is bounded (`docs/deviations.md`, webhooks).
 *
 * @throws {ConfigurationError} when the URL cannot be used.
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

/** The client of options that were checked. */
export function clientOf(options: KeystoneClientOptions): KeystoneClient {
  const { fetch = callGlobalFetch, maxResponseBytes = 1_048_576 } = options
  const base = identityUrl(options.url)
  // Catalogs are large, and nobody reads them here.
  const tokensUrl = `${base}/auth/tokens?nocatalog`
  return {
    async createToken(credential, scope, signal) {
      const { password, ...who } = credential
      const user = { ...who, password }
      const identity = { methods: ['password'], password: { user } }
      const body = { auth: { identity, ...(scope !== undefined && { scope }) } }
      const asked = { url: tokensUrl, method: 'POST', body, secrets: [password], maxResponseBytes } as const
      const answer = await call(asked, fetch, signal)
      if (isRefusal(answer)) return refusal(answer)
      const id = answer.header('x-subject-token')
      if (id === undefined || !isTokenText(id)) throw unusable('it has no token in its header')
      return { id, token: readToken(answer.text) }
    },

    async validateToken(subjectToken, authToken, signal) {
      const headers = { ...authorized(authToken), 'x-subject-token': checked(subjectToken) }
      const secrets = [subjectToken, authToken]
      const asked = { url: tokensUrl, method: 'GET', headers, secrets, maxResponseBytes } as const
      const answer = await call(asked, fetch, signal)
      return isRefusal(answer) ? refusal(answer) : readToken(answer.text)
    },

    async groupsOf(userId, authToken, signal) {
      const groupsUrl = `${base}/users/${pathSegment(userId)}/groups`
      const headers = authorized(authToken)
      const groups: KeystoneGroup[] = []
      let query: GroupsPage['nextQuery'] = ''
      let remaining = maxResponseBytes
      for (let page = 0; query !== undefined; page++) {
        if (page >= MAX_PAGES || remaining <= 0) throw unusable('there are too many groups')
        const asked = {
          url: groupsUrl + query,
          method: 'GET',
          headers,
          secrets: [authToken],
          maxResponseBytes: remaining,
        } as const
        const answer = await call(asked, fetch, signal)
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

/** The check of a scope that an operator names. */
export function aScope(scope: unknown, path: string): readonly ConfigurationProblem[] {
  if (scope === 'unscoped') return []
  const [[kind, value] = [], ...others] = Object.entries(Object(scope) as object)
  const isScope = others.length === 0 && SCOPES.has(kind) && typeof value === 'object' && value !== null
  return isScope ? [] : problemOf(scope, path, "must be of a project, a domain, or the system, or 'unscoped'")
}

const SCOPES: ReadonlySet<unknown> = new Set(['project', 'domain', 'system'])

const callGlobalFetch: KeystoneFetch = (url, init) => fetch(url, init)

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

/** What cannot stand in a header is not sent. Those who call have made sure; this makes it so whoever calls. */
function checked(token: string): string {
  if (isTokenText(token)) return token
  throw unavailable('a token has characters that Keystone cannot be asked about')
}

/** An id as a part of a path, and never as a way to another path. */
function pathSegment(id: string): string {
  if (/^\.{1,2}$/.test(id) || !id.isWellFormed()) throw unusable('the id of the user is none')
  return encodeURIComponent(id)
}
