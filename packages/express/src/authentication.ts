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
import { type FailureOptions, type Middleware, proceedWith, refuser } from './middleware.ts'
import { hold, RequestContext, setAuthentication, stateOf } from './state.ts'

/** Options of {@link authentication}. */
export interface AuthenticationOptions extends AuthenticateRequestOptions, FailureOptions {}

const shape: OptionsShape<AuthenticationOptions> = { ...authenticateRequestShape, onFailure: aFunction }

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
  refuseProblems(aRequestAuthenticator(authenticator, 'authenticator'), optionProblems(shape, options))
  const { onFailure, ...rest } = options
  const authenticate = authenticateRequest(authenticator, rest)
  requirePeerCertificates(authenticator)
  const refuse = refuser(onFailure === undefined ? {} : { onFailure })
  const { observer } = options

  return function authenticationMiddleware(req, res, next) {
    const { request } = stateOf(req)
    if (observer !== undefined) notify(observer, new Received(request, res))
    const onceOver = observer === undefined ? undefined : whenOver(req, res)
    proceedWith(
      authenticate(request, new RequestContext(req, res, authenticationMiddleware)),
      (outcome) => {
        onceOver?.((status) => notify(observer, { type: 'response', request, status }))
        if (outcome.closesConnection) closeConnection(req)
        applyHeaderChanges(req, outcome.headerChanges)
        const { unresolvedImpersonation } = outcome
        if ('failure' in outcome) {
          if (unresolvedImpersonation !== undefined) hold(req, { failure: unresolvedImpersonation })
          refuse(outcome.failure, req, res, next)
          return
        }
        for (const value of warningHeaders(outcome.warnings)) res.appendHeader('Warning', value)
        const { authentication: caller } = outcome
        if (unresolvedImpersonation === undefined) setAuthentication(req, caller)
        else hold(req, { failure: unresolvedImpersonation, caller })
        next()
      },
      next,
    )
  }
}
