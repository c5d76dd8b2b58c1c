import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Authenticator } from '@kube-authn/core'
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
} from '@kube-authn/core/internal'
import { type FailureOptions, type Middleware, type Next, refuser, respond } from './middleware.ts'
import { RequestContext, stateOf, users } from './state.ts'

/** Options of {@link authentication}. */
export interface AuthenticationOptions extends AuthenticateRequestOptions, FailureOptions {}

const shape: OptionsShape<AuthenticationOptions> = authenticationShape

/**
 * Authenticates requests: sets `req.user` and the result of `getUser(req)`, or responds with 401.
 *
 * The headers that carried the credential are removed from the request.
 *
 * @throws {ConfigurationError} if an option is invalid, or the authenticator needs the certificates of TLS peers and the runtime does not provide
 *   them.
 * @example
 * app.use(authentication(authenticator))
 * app.get('/', (req, res) => res.send(`Hello ${getUser(req).username}`))
 */
export function authentication(
  authenticator: Authenticator,
  options: AuthenticationOptions = {},
): Middleware {
  const authenticate = authenticationOf(authenticator, shape, options)
  const refuse = refuser(options)
  const { observer, log = authenticator.log, onFailure } = options

  const proceed = (
    outcome: RequestOutcome,
    req: IncomingMessage,
    res: ServerResponse,
    next: Next,
    onceOver: ReturnType<typeof whenOver> | undefined,
  ): void => {
    if (onceOver !== undefined) {
      const { request } = stateOf(req)
      onceOver((status) => notify(observer, { type: 'response', request, status }))
    }
    if (outcome.closesConnection) closeConnection(req)
    applyHeaderChanges(req, outcome.headerChanges)
    settleUser(users, req, outcome, log)
    if ('failure' in outcome) {
      if (onFailure === undefined) respond(outcome.answer, req, res, next)
      else refuse(outcome.failure, req, res, next)
      return
    }
    const { warnings } = outcome
    if (warnings.length > 0) {
      for (const value of warningHeaders(warnings)) res.appendHeader('Warning', value)
    }
    next()
  }

  return function authenticationMiddleware(req, res, next) {
    const state = stateOf(req)
    const { request } = state
    if (observer !== undefined) notify(observer, new Received(request, res))
    const onceOver = observer === undefined ? undefined : whenOver(req, res)
    const deciding = authenticate(request, new RequestContext(state, req, res, authenticationMiddleware))
    if (deciding instanceof Promise) {
      deciding.then((outcome) => proceed(outcome, req, res, next, onceOver)).then(undefined, next)
    } else proceed(deciding, req, res, next, onceOver)
  }
}
