import type { Attributes } from '@kube-authn/core/authorization'
import type { AuthenticationRequest } from '@kube-authn/core'
import type { AuditObjectReference } from './event.ts'

type ObjectFields = Pick<
  Attributes,
  'resource' | 'namespace' | 'name' | 'apiGroup' | 'apiVersion' | 'subresource'
>

/** The object of a request, for an event. */
export function objectReference(about: ObjectFields): AuditObjectReference {
  const { resource, namespace, name, apiGroup, apiVersion, subresource } = about
  const all = { resource, namespace, name, apiGroup, apiVersion, subresource }
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== ''))
}

/** The user agent of a request, truncated; `''` if absent. */
export function userAgentOf(request: AuthenticationRequest): string {
  // A request that is refused unread has no readable headers.
  const userAgent = request.refusal === undefined ? (request.headers.first('user-agent') ?? '') : ''
  if (userAgent.length <= MAX_USER_AGENT_LENGTH) return userAgent
  return `${userAgent.slice(0, MAX_USER_AGENT_LENGTH)}...TRUNCATED`
}

const MAX_USER_AGENT_LENGTH = 1024

let lastMs = Number.NaN
let lastTimestamp = ''

/** RFC 3339 with microseconds, as Kubernetes writes it. Made once for all events of a millisecond. */
export function timestamp(milliseconds: number): string {
  const ms = Math.trunc(milliseconds)
  if (ms !== lastMs) {
    lastTimestamp = new Date(ms).toISOString().replace('Z', '000Z')
    lastMs = ms
  }
  return lastTimestamp
}
