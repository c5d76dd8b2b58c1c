import type { IncomingMessage } from 'node:http'
import type { UserInfo } from '@kube-authn/core'
import type { Authorizer, AuthorizeRequestOptions, RequestAttributes } from '@kube-authn/core/authorization'
import type { OptionsShape } from '@kube-authn/core/options'
import {
  aFunction,
  anAuthorizer,
  authorizeRequest,
  authorizeRequestShape,
  clientContext,
  optionProblems,
  refuseProblems,
} from '@kube-authn/core/adapter'
import { type FailureOptions, type Middleware, proceedWith, refuser } from './middleware.ts'
import { stateOf } from './state.ts'

/** Options of {@link authorization}. */
export interface AuthorizationOptions<Req extends IncomingMessage = IncomingMessage>
  extends Omit<AuthorizeRequestOptions, 'attributes'>, FailureOptions {
  /** What a request is about. Default: Kubernetes-style paths; any other path is authorized as that path. */
  readonly attributes?: (req: Req) => RequestAttributes
  /** Who makes a request. Default: whom `authentication` and `impersonation` found out. */
  readonly user?: (req: Req) => UserInfo | undefined
}

const shape: OptionsShape<AuthorizationOptions> = {
  ...authorizeRequestShape,
  user: aFunction,
  onFailure: aFunction,
}

/**
 * Lets a request pass when the authorizer allows its user to make it. Answers 403 otherwise, and says what was refused.
 *
 * @throws {ConfigurationError} when there is no authorizer.
 * @example
 * const attributes = (req: Request) => ({ verb: 'get', resource: 'invoices', name: req.params['id'] ?? '' })
 * app.get('/invoices/:id', authorization(authorizer, { attributes }), showInvoice)
 */
export function authorization<Req extends IncomingMessage = IncomingMessage>(
  authorizer: Authorizer,
  options: AuthorizationOptions<Req> = {},
): Middleware<Req> {
  refuseProblems(anAuthorizer(authorizer, 'authorizer'), optionProblems(shape, options))
  const { attributes, user, onFailure, ...rest } = options
  const authorize = authorizeRequest(authorizer, rest)
  const refuse = refuser(onFailure === undefined ? {} : { onFailure })

  return function authorizationMiddleware(req, res, next) {
    const state = stateOf(req)
    if (state.held !== undefined) {
      refuse(state.held.failure, req, res, next)
      return
    }
    const given = attributes === undefined ? undefined : { attributes: () => attributes(req) }
    const context = clientContext(req, res, given)
    proceedWith(
      authorize(state.request, user === undefined ? state.authentication?.user : user(req), context),
      (outcome) => {
        if ('failure' in outcome) refuse(outcome.failure, req, res, next)
        else next()
      },
      next,
    )
  }
}
