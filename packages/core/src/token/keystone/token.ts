import { timeOfRfc3339 } from '../../internal/rfc3339.ts'
import { objectIn, objectsIn, parseObject, textIn, unusable, valueIn } from './json.ts'

/** What Keystone tells about a token. */
export interface KeystoneToken {
  /** As Keystone writes it. */
  readonly expiresAt: string
  /** In milliseconds since the epoch. */
  readonly expiresAtMs: number
  /** Whose it is. */
  readonly user: KeystoneUser | undefined
  /** What it is for: `undefined` when it is for no project, but for a domain, the system, or nothing. */
  readonly project: { readonly id: string; readonly name: string } | undefined
  /** The names of the roles that the user has in what the token is for. */
  readonly roles: readonly string[]
  /** Somebody else may use it in the user's name, by a trust or by OAuth. */
  readonly isDelegated: boolean
  /** It was made with an application credential, which has some of its owner's roles only. */
  readonly isOfApplicationCredential: boolean
}

/** A user as Keystone knows them. The name is unique within the domain only. */
export interface KeystoneUser {
  readonly id: string
  readonly name: string
  readonly domain: { readonly id: string; readonly name: string }
}

/** A group of a user. */
export interface KeystoneGroup {
  readonly id: string
  readonly name: string
  /** The domain that the group is of, which need not be the user's. */
  readonly domainId: string
}

/**
 * Reads the answer about a token.
 *
 * Source: OpenStack Identity API v3, "Authentication and token management".
 *
 * @throws {AuthenticationError} `unavailable`, when it is none.
 */
export function readToken(text: string): KeystoneToken {
  const token = objectIn(parseObject(text), 'token')
  if (token === undefined) throw unusable('it has no token')
  const expiresAt = textIn(token, 'expires_at')
  const expiresAtMs = timeOfRfc3339(expiresAt)
  if (expiresAtMs === undefined) throw unusable('expires_at is no time')
  const project = objectIn(token, 'project')
  return {
    expiresAt,
    expiresAtMs,
    user: readUser(objectIn(token, 'user')),
    project: project && { id: textIn(project, 'id'), name: textIn(project, 'name') },
    roles: objectsIn(token, 'roles').map((role) => textIn(role, 'name')),
    isDelegated: ['OS-TRUST:trust', 'OS-OAUTH1'].some((name) => valueIn(token, name) !== undefined),
    isOfApplicationCredential: valueIn(token, 'application_credential') !== undefined,
  }
}

/** Groups, and where there are more of them. */
export interface GroupsPage {
  readonly groups: readonly KeystoneGroup[]
  /** The query of the next page; `undefined` for the last. */
  readonly nextQuery: string | undefined
}

/**
 * Reads a page of the groups of a user.
 *
 * @throws {AuthenticationError} `unavailable`, when it is none.
 */
export function readGroups(text: string): GroupsPage {
  const page = parseObject(text)
  if (valueIn(page, 'groups') === undefined) throw unusable('it has no groups')
  const next = valueIn(objectIn(page, 'links') ?? {}, 'next')
  if (next !== undefined && typeof next !== 'string') throw unusable('next is no text')
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

/** Only that: what Keystone believes its host to be is often another than it is reached at, and the token goes nowhere else. */
function queryOf(link: string): string {
  const start = link.indexOf('?')
  if (start === -1) throw unusable('next has no query')
  return link.slice(start)
}
