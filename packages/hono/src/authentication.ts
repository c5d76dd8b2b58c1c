import {
  type AuthenticateRequestOptions,
  authenticateRequest,
  type Authentication,
  type Authenticator,
  type Awaitable,
  fetchRequest,
  type HeaderChanges,
  type StatusError,
  type UserInfo,
  warningHeader,
  withHeaderChanges,
} from '@kube-authn/core'
import {
  applyHeaderChanges,
  closeConnection,
  incomingMessageRequest,
  requirePeerCertificates,
} from '@kube-authn/core/incoming-message'
import type { Context, MiddlewareHandler, Next } from 'hono'
import { nodeRequestOf } from './node-server.ts'

/** What {@link authentication} sets in a context: `c.var.user`, `c.var.authentication`. */
export interface AuthenticationEnv {
  Variables: {
    user: UserInfo
    authentication: Authentication
  }
}

/** Options of {@link authentication}. */
export interface AuthenticationOptions extends AuthenticateRequestOptions {
  /**
   * Takes over when a request is refused. What it throws goes to Hono's error handling, so `(error) => { throw error }` leaves
   * the answer to `app.onError`, where `error.getResponse()` is the default. Default: the answer is a `Status` in JSON.
   */
  readonly onFailure?: (error: StatusError, c: Context, next: Next) => Awaitable<Response | void>
}

/**
 * Lets a request pass when the authenticator knows who makes it: as `c.var.user`. Answers 401 otherwise.
 *
 * The headers that carried the credential are removed from the request. On `@hono/node-server` headers are read exactly as
 * sent; elsewhere the runtime joined repeated ones already.
 *
 * @throws {ConfigurationError} when the options cannot work, or the authenticator needs the certificates of TLS peers and the
 *   runtime does not tell them.
 * @example
 * new Hono().use(authentication(authenticator)).get('/', (c) => c.text(`Hello ${c.var.user.username}`))
 */
export function authentication(
  authenticator: Authenticator,
  options: AuthenticationOptions = {},
): MiddlewareHandler<AuthenticationEnv> {
  const authenticate = authenticateRequest(authenticator, options)
  requirePeerCertificates(authenticator)
  const { onFailure = (error) => error.getResponse() } = options

  return async function authentication(c, next) {
    const incoming = nodeRequestOf(c)
    const outcome = await authenticate(
      incoming === undefined ? fetchRequest(c.req.raw) : incomingMessageRequest(incoming),
    )
    if (outcome.closesConnection && incoming !== undefined) closeConnection(incoming)
    if ('failure' in outcome) return onFailure(outcome.failure, c, next)
    for (const text of outcome.warnings) c.header('Warning', warningHeader(text), { append: true })
    changeHeaders(c, outcome.headerChanges)
    c.set('user', outcome.authentication.user)
    c.set('authentication', outcome.authentication)
    return next()
  }
}

function changeHeaders(c: Context, changes: HeaderChanges): void {
  const incoming = nodeRequestOf(c)
  // What Node has not got, the request made from it has not got either.
  const present = incoming === undefined ? changes : applyHeaderChanges(incoming, changes)
  if (incoming === undefined || present.remove.length > 0 || present.replace !== undefined) {
    c.req.raw = withHeaderChanges(c.req.raw, present)
  }
}
