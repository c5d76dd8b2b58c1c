import {
  type AuthenticateRequestOptions,
  aRequestAuthenticator,
  authenticateRequestShape,
  optionProblems,
  refuseProblems,
} from '@kube-authn/core/internal/shared'
import type { Authenticator } from '@kube-authn/core'
import {
  type OptionsShape,
  type RequestOutcome,
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
import type { FastifyPluginCallback, FastifyReply, FastifyRequest } from 'fastify'
import { type FailureOptions, type Next, proceedWith, refuser } from './failure.ts'
import { pluginFor } from './plugin.ts'
import { hold, RequestContext, setAuthentication, stateOf } from './state.ts'

/** Options of {@link authentication}. */
export interface AuthenticationOptions extends AuthenticateRequestOptions, FailureOptions {}

const shape: OptionsShape<AuthenticationOptions> = { ...authenticateRequestShape, onFailure: aFunction }

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
  refuseProblems(aRequestAuthenticator(authenticator, 'authenticator'), optionProblems(shape, options))
  const { onFailure, ...rest } = options
  const authenticate = authenticateRequest(authenticator, rest)
  requirePeerCertificates(authenticator)
  const refuse = refuser(onFailure === undefined ? {} : { onFailure })
  const { observer, log = authenticator.log } = options

  const proceed = (
    outcome: RequestOutcome,
    request: FastifyRequest,
    reply: FastifyReply,
    next: Next,
  ): void => {
    if (outcome.closesConnection) closeConnection(request.raw)
    applyHeaderChanges(request.raw, outcome.headerChanges)
    if ('failure' in outcome) {
      if (outcome.unresolvedImpersonation !== undefined) hold(request, outcome)
      refuse(outcome.failure, request, reply, next)
      return
    }
    const { authentication: caller, warnings } = outcome
    // On Node's response, whose headers Fastify keeps for every answer, also one that a handler sends itself.
    for (const value of warningHeaders(warnings)) reply.raw.appendHeader('Warning', value)
    if (outcome.held === undefined) setAuthentication(request, caller, log)
    else hold(request, outcome.held)
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
