import type { ServerResponse } from 'node:http'
import type { Authenticator, Awaitable } from '@kube-authn/core'
import {
  applyHeaderChanges,
  closeConnection,
  notify,
  type OptionsShape,
  Received,
  type RequestOutcome,
  warningHeaders,
  whenOver,
} from '@kube-authn/core/adapter'
import {
  type AuthenticateRequestOptions,
  authenticationOf,
  authenticationShape,
  settleUser,
  AUDIT_ID_HEADER,
} from '@kube-authn/core/internal'
import type { Middleware, ParameterizedContext } from 'koa'
import { answer, type FailureOptions } from './failure.ts'
import { type AuthenticationState, RequestContext, stateOf, users } from './state.ts'

/** Options of {@link authentication}. */
export interface AuthenticationOptions extends AuthenticateRequestOptions, FailureOptions {}

const shape: OptionsShape<AuthenticationOptions> = authenticationShape

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
  const authenticate = authenticationOf(authenticator, shape, options)
  const { observer, log = authenticator.log, onFailure } = options

  const proceed = (
    ctx: ParameterizedContext<AuthenticationState>,
    next: () => Promise<unknown>,
    outcome: RequestOutcome,
  ): Promise<unknown> => {
    if (outcome.closesConnection) closeConnection(ctx.req)
    applyHeaderChanges(ctx.req, outcome.headerChanges)
    settleUser(users, ctx, outcome, log)
    if ('failure' in outcome) {
      if (onFailure !== undefined) return keepingHeaders(ctx.res, () => onFailure(outcome.failure, ctx, next))
      answer(outcome.answer, ctx)
      return Promise.resolve()
    }
    const { warnings } = outcome
    if (warnings.length > 0) for (const value of warningHeaders(warnings)) ctx.append('Warning', value)
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

const KEPT = ['Warning', AUDIT_ID_HEADER]

/** Koa removes all headers before it responds to an error, so these are restored when headers are sent. */
async function keepingHeaders(res: ServerResponse, next: () => Awaitable<unknown>): Promise<void> {
  const kept = KEPT.flatMap((name) => {
    const value = res.getHeader(name)
    return value === undefined ? [] : [[name, value] as const]
  })
  if (kept.length === 0) {
    await next()
    return
  }
  try {
    await next()
  } catch (error) {
    const writeHead = res.writeHead.bind(res)
    Object.assign(res, {
      writeHead(...given: unknown[]): unknown {
        if (!res.headersSent) for (const [name, value] of kept) res.setHeader(name, value)
        return Reflect.apply(writeHead, undefined, given)
      },
    })
    throw error
  }
}
