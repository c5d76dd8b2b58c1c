import { member } from '@kube-authn/core/internal'
import { timeOfRfc3339 } from '@kube-authn/internal/rfc3339'
import { objectIn, objectsIn, parseObject, textIn, unusable } from './json.ts'

/** The properties of a token that Keystone reports. */
export interface KeystoneToken {
  /** RFC 3339, as sent by Keystone. */
  readonly expiresAt: string
  /** In milliseconds since the epoch. */
  readonly expiresAtMs: number
  /** The owner. */
  readonly user: KeystoneUser | undefined
  /** The project that the token is scoped to; `undefined` for a token of a domain or the system, and for an unscoped one. */
  readonly project: { readonly id: string; readonly name: string } | undefined
  /** The names of the user's roles in the scope of the token. */
  readonly roles: readonly string[]
  /** Whether another party uses it on behalf of the user, by a trust or OAuth. */
  readonly isDelegated: boolean
  /** Whether it was issued for an application credential, which has only some of its owner's roles. */
  readonly isOfApplicationCredential: boolean
}

/** A user in Keystone. The name is unique only within the domain. */
export interface KeystoneUser {
  readonly id: string
  readonly name: string
  readonly domain: { readonly id: string; readonly name: string }
}

export interface KeystoneGroup {
  readonly id: string
  readonly name: string
  /** The domain of the group, which may differ from the user's. */
  readonly domainId: string
}

/**
 * Parses the response that describes a token.
 *
 * Source: OpenStack Identity API v3, "Authentication and token management".
 *
 * @throws {AuthenticationError} `unavailable`, if the response is invalid.
 */
export function readToken(text: string): KeystoneToken {
  const token = objectIn(parseObject(text), 'token')
  if (token === undefined) throw unusable('it has no token')
  const expiresAt = textIn(token, 'expires_at')
  const expiresAtMs = timeOfRfc3339(expiresAt)
  if (expiresAtMs === undefined) throw unusable('expires_at must be an RFC 3339 time')
  const project = objectIn(token, 'project')
  return {
    expiresAt,
    expiresAtMs,
    user: readUser(objectIn(token, 'user')),
    project: project && { id: textIn(project, 'id'), name: textIn(project, 'name') },
    roles: objectsIn(token, 'roles').map((role) => textIn(role, 'name')),
    isDelegated: ['OS-TRUST:trust', 'OS-OAUTH1'].some((name) => member(token, name) !== undefined),
    isOfApplicationCredential: member(token, 'application_credential') !== undefined,
  }
}

export interface GroupsPage {
  readonly groups: readonly KeystoneGroup[]
  /** The query of the next page; `undefined` for the last. */
  readonly nextQuery: string | undefined
}

/**
 * Parses a page of the groups of a user.
 *
 * @throws {AuthenticationError} `unavailable`, if the response is invalid.
 */
export function readGroups(text: string): GroupsPage {
  const page = parseObject(text)
  if (member(page, 'groups') === undefined) throw unusable('it has no groups')
  const next = member(objectIn(page, 'links') ?? {}, 'next')
  if (next !== undefined && typeof next !== 'string') throw unusable('next must be a string')
  return {
    groups: objectsIn(page, 'groups').map((group) => ({
      id: textIn(group, 'id'),
      name: textIn(group, 'name'),
      domainId: textIn(group, 'domain_id'),
    })),
    nextQuery: next === undefined ? undefined : queryOf(next),
  }
}

function readUser(user: ReturnType<typeof objectIn>): KeystoneUser | undefined {
  if (user === undefined) return undefined
  const domain = objectIn(user, 'domain')
  if (domain === undefined) throw unusable('the user has no domain')
  return {
    id: textIn(user, 'id'),
    name: textIn(user, 'name'),
    domain: { id: textIn(domain, 'id'), name: textIn(domain, 'name') },
  }
}

/** Only the query is used: the link often has another host than the configured one, and the token must not be sent there. */
function queryOf(link: string): string {
  const start = link.indexOf('?')
  if (start === -1) throw unusable('next must have a query')
  return link.slice(start)
}

/** The format of tokens, by `[token] provider` in `keystone.conf`. */
export type KeystoneTokenProvider = 'fernet' | 'jws' | 'any'

/** Many servers refuse headers of twice this length. */
const MAX_LENGTH = 2048

const SHAPES: Readonly<Record<KeystoneTokenProvider, RegExp>> = {
  // At least 73 bytes: version 0x80, a 64-bit time whose upper half is zero until 2106, and so on. Keystone strips the padding.
  fernet: /^gAAAAA[\w-]{92,}$/,
  jws: /^ey[\w-]+\.[\w-]+\.[\w-]+$/,
  any: /^[\w.~+/=-]+$/,
}

/**
 * Whether a string has the format of such a token. Other tokens are not disclosed to Keystone.
 *
 * Source: keystone `keystone/token/token_formatters.py`, RFC 6750 section 2.1 for `any`.
 */
export function looksLikeToken(text: string, provider: KeystoneTokenProvider): boolean {
  return text.length <= MAX_LENGTH && SHAPES[provider].test(text)
}

/** Whether a string can be sent as a token. */
export function isTokenText(text: string): boolean {
  return looksLikeToken(text, 'any')
}
