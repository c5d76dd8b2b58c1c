import type { IncomingMessage } from 'node:http'
import type { UserInfo } from '@kube-authn/core'
import type { Authorizer, RequestAttributes } from '@kube-authn/core/authorization'
import {
  type AuthorizeRequestOptions,
  anAuthorizer,
  authorizeRequestShape,
  optionProblems,
  refuseProblems,
} from '@kube-authn/core/internal/shared'
import { type OptionsShape, aFunction, authorizeRequest, clientContext } from '@kube-authn/core/adapter'
import { type FailureOptions, type Middleware, proceedWith, refuser } from './middleware.ts'
import { stateOf } from './state.ts'

/** Options of {@link authorization}. */
export interface AuthorizationOptions<Req extends IncomingMessage = IncomingMessage>
  extends Omit<AuthorizeRequestOptions, 'attributes'>, FailureOptions {
  /** The attributes of a request. Default: from Kubernetes-style paths; any other path is a non-resource path. */
  readonly attributes?: (req: Req) => RequestAttributes
  /** The user of a request. Default: the user of `authentication` and `impersonation`. */
  readonly user?: (req: Req) => UserInfo | undefined
}

const shape: OptionsShape<AuthorizationOptions> = {
  ...authorizeRequestShape,
  user: aFunction,
  onFailure: aFunction,
}

/**
 * Authorizes requests: continues if the authorizer allows the user to make the request; otherwise responds with 403 and what was refused.
 *
 * @throws {ConfigurationError} if there is no authorizer.
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
