import {
  type AuthenticateRequestOptions,
  authenticateRequest,
  type Authenticator,
  type StatusError,
  type UserInfo,
  warningHeader,
} from '@kube-authn/core'
import {
  applyHeaderChanges,
  closeConnection,
  incomingMessageRequest,
  requirePeerCertificates,
} from '@kube-authn/core/incoming-message'
import type { Middleware, ParameterizedContext } from 'koa'
import { setAuthentication } from './accessors.ts'

/** What {@link authentication} puts into `ctx.state`. */
export interface AuthenticationState {
  user: UserInfo
}

/** Options of {@link authentication}. */
export interface AuthenticationOptions extends AuthenticateRequestOptions {
  /**
   * Takes over when a request is refused. What it throws goes to Koa's error handling, so `(error) => { throw error }` leaves
   * the answer to your error middleware. Default: the answer is a `Status` in JSON.
   */
  readonly onFailure?: (
    error: StatusError,
    ctx: ParameterizedContext,
    next: () => Promise<unknown>,
  ) => unknown
}

/**
 * Lets a request pass when the authenticator knows who makes it: as `ctx.state.user`. Answers 401 otherwise.
 *
 * The headers that carried the credential are removed from the request.
 *
 * @throws {ConfigurationError} when the options cannot work, or the authenticator needs the certificates of TLS peers and the
 *   runtime does not tell them.
 * @example
 * new Koa().use(authentication(authenticator)).use((ctx) => { ctx.body = `Hello ${ctx.state.user.username}` })
 */
export function authentication(
  authenticator: Authenticator,
  options: AuthenticationOptions = {},
): Middleware<AuthenticationState> {
  const authenticate = authenticateRequest(authenticator, options)
  requirePeerCertificates(authenticator)
  const { onFailure = answer } = options

  return async function authentication(ctx, next) {
    const outcome = await authenticate(incomingMessageRequest(ctx.req, ctx.originalUrl))
    if (outcome.closesConnection) closeConnection(ctx.req)
    if ('failure' in outcome) return onFailure(outcome.failure, ctx, next)
    for (const text of outcome.warnings) ctx.append('Warning', warningHeader(text))
    applyHeaderChanges(ctx.req, outcome.headerChanges)
    ctx.state.user = outcome.authentication.user
    setAuthentication(ctx, outcome.authentication)
    return next()
  }
}

function answer(error: StatusError, ctx: ParameterizedContext): void {
  ctx.status = error.status
  ctx.set(error.headers)
  ctx.body = error.body
}
