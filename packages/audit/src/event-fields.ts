import type { Attributes } from '@kube-authn/core/authorization'
import type { AuthenticationRequest } from '@kube-authn/core'
import { percentDecoded } from '@kube-authn/core/internal'
import type { AuditObjectReference } from './event.ts'

const OBJECT_FIELDS = ['resource', 'namespace', 'name', 'apiGroup', 'apiVersion', 'subresource'] as const

/** The object of a request, for an event. */
export function objectReference(
  about: Pick<Attributes, (typeof OBJECT_FIELDS)[number]>,
): AuditObjectReference {
  const given = OBJECT_FIELDS.filter((field) => about[field] !== '')
  return Object.fromEntries(given.map((field) => [field, about[field]]))
}

/** The user agent of a request, truncated; `''` if absent. */
export function userAgentOf(request: AuthenticationRequest): string {
  // A request that is refused unread has no readable headers.
  const userAgent = request.refusal === undefined ? (request.headers.first('user-agent') ?? '') : ''
  if (userAgent.length <= MAX_USER_AGENT_LENGTH) return userAgent
  return `${userAgent.slice(0, MAX_USER_AGENT_LENGTH)}...TRUNCATED`
}

const MAX_USER_AGENT_LENGTH = 1024

/** RFC 3339 with microseconds, as Kubernetes writes it. */
export function timestamp(milliseconds: number): string {
  return new Date(Math.trunc(milliseconds)).toISOString().replace('Z', '000Z')
}

/** Parameters that usually carry a credential. */
const SECRET: ReadonlySet<string> = new Set([
  'access_token',
  'client_secret',
  'code',
  'id_token',
  'password',
  'refresh_token',
  'token',
])

/**
 * Path and query as sent, with the values of parameters that carry a credential redacted.
 *
 * Deviation: kube-apiserver logs them (`docs/deviations.md`, audit).
 */
export function loggableUri(path: string, query: string): string {
  if (query === '') return path
  const pairs = query.split('&').map((pair) => {
    const equals = pair.indexOf('=')
    return equals !== -1 && isSecret(pair.slice(0, equals)) ? `${pair.slice(0, equals)}=REDACTED` : pair
  })
  return `${path}?${pairs.join('&')}`
}

/** Query parsers with nesting read `token[]`, `token[0]`, `auth[token]` and `auth.token` as members of an object. */
function isSecret(name: string): boolean {
  const text = percentDecoded(name) ?? name
  return text
    .toLowerCase()
    .split(/[[\].]/)
    .some((part) => SECRET.has(part.trim()))
}
