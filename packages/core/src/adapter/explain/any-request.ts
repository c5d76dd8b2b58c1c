import { memberOf } from '../../internal/objects.ts'
import { incomingMessageRequest } from '../incoming-message/index.ts'
import { hasState } from './known-request.ts'
import { isNodeRequest } from '../incoming-message/incoming-message.ts'
import type { NodeRequest } from '../incoming-message/node-request.ts'
import { fetchRequest } from '../../request/fetch-request.ts'
import type { AuthenticationRequest } from '../../request/request.ts'

/** The members of a Fetch API `Request` that are used. */
type FetchRequest = Pick<Request, 'method' | 'url' | 'headers'>

/** A request of any framework. */
export type AnyRequest =
  | AuthenticationRequest
  | FetchRequest
  /** Node and Express. */
  | NodeRequest
  /** Koa. */
  | { readonly req: NodeRequest }
  /** Hono. */
  | { readonly req: { readonly raw: FetchRequest } }

/** A request as authenticators see it. */
export interface ReadRequest {
  readonly request: AuthenticationRequest
  /** Whether an authentication middleware has already handled it and removed the headers that carry credentials. */
  readonly isAuthenticated: boolean
}

/**
 * Reads a request of any framework. It is recognised by its members, not by its class: each framework has several.
 *
 * @throws {TypeError} if it is not a request.
 */
export function readAnyRequest(given: unknown): ReadRequest {
  if (isAuthenticationRequest(given)) return { request: given, isAuthenticated: false }
  const inside = memberOf(given, 'req')
  const isAuthenticated = [given, inside].some(hasState)
  // Hono on Node: the message that Node received, which keeps repeated headers separate.
  const message = [given, inside, memberOf(memberOf(given, 'env'), 'incoming')]
    .filter(isNodeRequest)
    .find(({ headers }) => typeof headers === 'object' && headers !== null)
  if (message !== undefined) {
    const target = [given, message].map((each) => memberOf(each, 'originalUrl')).find(isText)
    return { request: incomingMessageRequest(message, target), isAuthenticated }
  }
  const fetched = [given, memberOf(inside, 'raw')].find(isFetchRequest)
  if (fetched !== undefined) return { request: fetchRequest(fetched), isAuthenticated }
  const what = memberOf(given, 'then') === undefined ? NO_REQUEST : 'is a promise; await it first'
  throw new TypeError(`explain(authenticator, request): request ${what}`)
}

const NO_REQUEST =
  'must be the req of Express or Node, the ctx of Koa, the c of Hono, a Request of Fetch, or an AuthenticationRequest'

function isAuthenticationRequest(value: unknown): value is AuthenticationRequest {
  if (!isText(memberOf(value, 'path'))) return false
  // A request that is refused unread has no readable headers.
  return (
    memberOf(value, 'refusal') !== undefined ||
    typeof memberOf(memberOf(value, 'headers'), 'first') === 'function'
  )
}

function isFetchRequest(value: unknown): value is FetchRequest {
  const isReadable = typeof memberOf(memberOf(value, 'headers'), 'get') === 'function'
  return isReadable && isText(memberOf(value, 'method')) && isText(memberOf(value, 'url'))
}

function isText(value: unknown): value is string {
  return typeof value === 'string'
}
