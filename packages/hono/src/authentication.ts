import type { Authenticator } from '@kube-authn/core'
import {
  closeConnection,
  notify,
  type OptionsShape,
  Received,
  responseOf,
  warningHeaders,
} from '@kube-authn/core/adapter'
import {
  type AuthenticateRequestOptions,
  authenticationOf,
  authenticationShape,
  keepAlive,
  settleUser,
} from '@kube-authn/core/internal'
import type { Context, MiddlewareHandler } from 'hono'
import type { FailureOptions } from './failure.ts'
import { endingOf, executionContextOf } from './client.ts'
import { PendingHeaders } from './pending-headers.ts'
import { type AuthenticationEnv, changeHeaders, RequestContext, stateOf, users } from './state.ts'

/** Options of {@link authentication}. */
export interface AuthenticationOptions extends AuthenticateRequestOptions, FailureOptions {}

const shape: OptionsShape<AuthenticationOptions> = authenticationShape

/**
 * Authenticates requests: sets `c.var.user`, or responds with 401.
 *
 * The headers that carried the credential are removed from the request. On `@hono/node-server` headers are read exactly as sent; other runtimes have
 * already joined repeated headers.
 *
 * @typeParam E the environment of an app with its own bindings or variables.
 * @throws {ConfigurationError} if an option is invalid, or the authenticator needs the certificates of TLS peers and the runtime does not provide
 *   them.
 * @example
 * new Hono().use(authentication(authenticator)).get('/', (c) => c.text(`Hello ${c.var.user.username}`))
 */
export function authentication<E extends AuthenticationEnv = AuthenticationEnv>(
  authenticator: Authenticator,
  options: AuthenticationOptions = {},
): MiddlewareHandler<E> {
  return authenticationMiddlewareOf(authenticator, options, false)
}

/** @param isLast whether this is the last middleware, so that no impersonation follows. */
export function authenticationMiddlewareOf(
  authenticator: Authenticator,
  options: AuthenticationOptions,
  isLast: boolean,
): MiddlewareHandler {
  const authenticate = authenticationOf(authenticator, shape, options)
  const { observer, log = authenticator.log, onFailure } = options

  return async function authenticationMiddleware(c, next) {
    const { request, incoming } = stateOf(c)
    const pending = observer === undefined ? undefined : new PendingHeaders()
    if (pending !== undefined) notify(observer, new Received(request, pending))
    const ending = observer === undefined ? undefined : endingOf(c)
    const deciding = authenticate(request, new RequestContext(c, isLast))
    if (deciding instanceof Promise) keepAlive(deciding, () => executionContextOf(c))
    const outcome = await deciding
    ending?.tell((status) => notify(observer, { type: 'response', request, status }))
    if (outcome.closesConnection && incoming !== undefined) closeConnection(incoming)
    let expected = 500
    try {
      // It may throw: if headers are immutable the request is copied, which fails if its body was read.
      changeHeaders(c, outcome.headerChanges)
      settleUser<Context>(users, c, outcome, log)
      let refused: Response | void = undefined
      if ('failure' in outcome) {
        expected = outcome.answer.status
        refused =
          onFailure === undefined ? responseOf(outcome.answer) : await onFailure(outcome.failure, c, next)
        if (refused !== undefined) refused = pending?.addToResponse(refused) ?? refused
      } else {
        await next()
        // Not earlier: if a handler returns its own Response, Hono drops headers that were set before.
        for (const value of warningHeaders(outcome.warnings)) c.header('Warning', value, { append: true })
      }
      if (refused === undefined) pending?.addTo(c)
      ending?.answered((refused ?? c.res).status)
      return refused
    } catch (error) {
      pending?.addToError(c)
      // The final status is unknown here: for a refusal assume its own status, and 500 for anything else that is thrown.
      ending?.answered(expected)
      throw error
    }
  }
}
