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
import type { FastifyPluginCallback, FastifyReply, FastifyRequest } from 'fastify'
import { type FailureOptions, type Next, proceedWith, refuser } from './failure.ts'
import { pluginFor } from './plugin.ts'
import { RequestContext, stateOf, users } from './state.ts'

/** Options of {@link authentication}. */
export interface AuthenticationOptions extends AuthenticateRequestOptions, FailureOptions {}

const shape: OptionsShape<AuthenticationOptions> = authenticationShape

/**
 * A plugin that authenticates the requests of the scope in which it is registered, and of its inner scopes: it sets `request.user` and the result of
 * `getUser(request)`, or responds with 401. It does so in `onRequest`, before the body is read.
 *
 * The headers that carried the credential are removed from the request.
 *
 * @throws {ConfigurationError} if an option is invalid, or the authenticator needs the certificates of TLS peers and the runtime does not provide
 *   them.
 * @example
 * await app.register(authentication(authenticator))
 * app.get('/', (request) => `Hello ${getUser(request).username}`)
 */
export function authentication(
  authenticator: Authenticator,
  options: AuthenticationOptions = {},
): FastifyPluginCallback {
  const authenticate = authenticationOf(authenticator, shape, options)
  const refuse = refuser(options)
  const { observer, log = authenticator.log } = options

  const proceed = (
    outcome: RequestOutcome,
    request: FastifyRequest,
    reply: FastifyReply,
    next: Next,
  ): void => {
    if (outcome.closesConnection) closeConnection(request.raw)
    applyHeaderChanges(request.raw, outcome.headerChanges)
    settleUser(users, request, outcome, log)
    if ('failure' in outcome) {
      refuse(outcome.failure, request, reply, next)
      return
    }
    // On Node's response, whose headers Fastify keeps for every answer, also one that a handler sends itself.
    for (const value of warningHeaders(outcome.warnings)) reply.raw.appendHeader('Warning', value)
    next()
  }

  return pluginFor('authentication', (app) => {
    if (!app.hasRequestDecorator('user')) app.decorateRequest('user')
    app.addHook('onRequest', function authenticationHook(received, reply, next) {
      const { request } = stateOf(received)
      if (observer !== undefined) notify(observer, new Received(request, reply.raw))
      const onceOver = observer === undefined ? undefined : whenOver(received.raw, reply.raw)
      proceedWith(
        authenticate(request, new RequestContext(received, reply)),
        (outcome) => {
          onceOver?.((status) => notify(observer, { type: 'response', request, status }))
          proceed(outcome, received, reply, next)
        },
        next,
      )
    })
  })
}
