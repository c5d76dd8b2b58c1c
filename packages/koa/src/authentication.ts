import {
  type AuthenticateRequestOptions,
  aRequestAuthenticator,
  authenticateRequestShape,
  optionProblems,
  refuseProblems,
} from '@kube-authn/core/internal/shared'
import type { Authenticator } from '@kube-authn/core'
import {
  type RequestOutcome,
  type OptionsShape,
  aFunction,
  applyHeaderChanges,
  authenticateRequest,
  closeConnection,
  notify,
  Received,
  requirePeerCertificates,
  warningHeaders,
  whenOver,
} from '@kube-authn/core/adapter'
import type { Middleware, ParameterizedContext } from 'koa'
import { keepingHeaders } from './keep-headers.ts'
import { answer, type FailureOptions } from './failure.ts'
import { type AuthenticationState, hold, RequestContext, setAuthentication, stateOf } from './state.ts'

/** Options of {@link authentication}. */
export interface AuthenticationOptions extends AuthenticateRequestOptions, FailureOptions {}

const shape: OptionsShape<AuthenticationOptions> = { ...authenticateRequestShape, onFailure: aFunction }

/**
 * Authenticates requests: sets `ctx.state.user`, or responds with 401.
 *
 * The headers that carried the credential are removed from the request.
 *
 * @throws {ConfigurationError} if an option is invalid, or the authenticator needs the certificates of TLS peers and the runtime does not provide
 *   them.
 * @example
 * new Koa().use(authentication(authenticator)).use((ctx) => { ctx.body = `Hello ${ctx.state.user.username}` })
 */
export function authentication(
  authenticator: Authenticator,
  options: AuthenticationOptions = {},
): Middleware<AuthenticationState> {
  refuseProblems(aRequestAuthenticator(authenticator, 'authenticator'), optionProblems(shape, options))
  const { onFailure = answer, ...rest } = options
  const authenticate = authenticateRequest(authenticator, rest)
  requirePeerCertificates(authenticator)
  const { observer, log = authenticator.log } = options

  const proceed = (
    ctx: ParameterizedContext<AuthenticationState>,
    next: () => Promise<unknown>,
    outcome: RequestOutcome,
  ): Promise<unknown> => {
    if (outcome.closesConnection) closeConnection(ctx.req)
    applyHeaderChanges(ctx.req, outcome.headerChanges)
    if ('failure' in outcome) {
      if (outcome.unresolvedImpersonation !== undefined) hold(ctx, outcome)
      return keepingHeaders(ctx.res, () => onFailure(outcome.failure, ctx, next))
    }
    const { authentication: caller, warnings } = outcome
    if (warnings.length > 0) for (const value of warningHeaders(warnings)) ctx.append('Warning', value)
    if (outcome.held === undefined) setAuthentication(ctx, caller, log)
    else hold(ctx, outcome.held)
    return observer === undefined && warnings.length === 0 ? next() : keepingHeaders(ctx.res, next)
  }

  // Not async: most requests are decided at once, and a promise for each would cost as much as the decision.
  return function authenticationMiddleware(ctx, next): Promise<unknown> {
    const { request } = stateOf(ctx)
    if (observer !== undefined) notify(observer, new Received(request, ctx.res))
    const onceOver = observer === undefined ? undefined : whenOver(ctx.req, ctx.res)
    const deciding = authenticate(request, new RequestContext(ctx, authenticationMiddleware))
    if (onceOver === undefined && !(deciding instanceof Promise)) return proceed(ctx, next, deciding)
    return Promise.resolve(deciding).then((outcome) => {
      onceOver?.((status) => notify(observer, { type: 'response', request, status }))
      return proceed(ctx, next, outcome)
    })
  }
}
