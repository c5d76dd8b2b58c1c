import type { UserInfo } from '@kube-authn/core'
import type { Authorizer, AuthorizeRequestOptions, RequestAttributes } from '@kube-authn/core/authorization'
import type { Context, MiddlewareHandler } from 'hono'
import type { OptionsShape } from '@kube-authn/core/options'
import {
  aFunction,
  anAuthorizer,
  authorizeRequest,
  authorizeRequestShape,
  optionProblems,
  refuseProblems,
} from '@kube-authn/core/adapter'
import { clientOf } from './client.ts'
import { answer, type FailureOptions } from './failure.ts'
import { type AuthenticationEnv, authenticationOf, stateOf } from './state.ts'

/** Options of {@link authorization}. */
export interface AuthorizationOptions extends Omit<AuthorizeRequestOptions, 'attributes'>, FailureOptions {
  /** What a request is about. Default: Kubernetes-style paths; any other path is authorized as that path. */
  readonly attributes?: (c: Context) => RequestAttributes
  /** Who makes a request. Default: whom `authentication` and `impersonation` found out. */
  readonly user?: (c: Context) => UserInfo | undefined
}

const shape: OptionsShape<AuthorizationOptions> = {
  ...authorizeRequestShape,
  user: aFunction,
  onFailure: aFunction,
}

/**
 * Lets a request pass when the authorizer allows its user to make it. Answers 403 otherwise, and says what was refused.
 *
 * @typeParam E the environment of an app that has bindings or variables of its own.
 * @throws {ConfigurationError} when there is no authorizer.
 * @example
 * const attributes = (c: Context) => ({ verb: 'get', resource: 'invoices', name: c.req.param('id') ?? '' })
 * app.get('/invoices/:id', authorization(authorizer, { attributes }), showInvoice)
 */
export function authorization<E extends AuthenticationEnv = AuthenticationEnv>(
  authorizer: Authorizer,
  options: AuthorizationOptions = {},
): MiddlewareHandler<E> {
  refuseProblems(anAuthorizer(authorizer, 'authorizer'), optionProblems(shape, options))
  const { attributes, user, onFailure = answer, ...rest } = options
  const authorize = authorizeRequest(authorizer, rest)

  const middleware: MiddlewareHandler = async function authorizationMiddleware(c, next) {
    const { request, held } = stateOf(c)
    if (held !== undefined) return onFailure(held.failure, c, next)
    const given = attributes === undefined ? undefined : { attributes: () => attributes(c) }
    const whose = user === undefined ? authenticationOf(c)?.user : user(c)
    const outcome = await authorize(request, whose, clientOf(c, given))
    return 'failure' in outcome ? onFailure(outcome.failure, c, next) : next()
  }
  return middleware
}
