import type { UserInfo } from '@kube-authn/core'
import type { Authorizer, RequestAttributes } from '@kube-authn/core/authorization'
import {
  type AuthorizeRequestOptions,
  anAuthorizer,
  authorizeRequestShape,
  optionProblems,
  refuseProblems,
} from '@kube-authn/core/internal/shared'
import type { Context, MiddlewareHandler } from 'hono'
import { type OptionsShape, aFunction, authorizeRequest } from '@kube-authn/core/adapter'
import { clientOf } from './client.ts'
import { answer, type FailureOptions } from './failure.ts'
import { type AuthenticationEnv, authenticationOf, stateOf } from './state.ts'

/** Options of {@link authorization}. */
export interface AuthorizationOptions extends Omit<AuthorizeRequestOptions, 'attributes'>, FailureOptions {
  /** The attributes of a request. Default: from Kubernetes-style paths; any other path is a non-resource path. */
  readonly attributes?: (c: Context) => RequestAttributes
  /** The user of a request. Default: the user of `authentication` and `impersonation`. */
  readonly user?: (c: Context) => UserInfo | undefined
}

const shape: OptionsShape<AuthorizationOptions> = {
  ...authorizeRequestShape,
  user: aFunction,
  onFailure: aFunction,
}

/**
 * Authorizes requests: continues if the authorizer allows the user to make the request; otherwise responds with 403 and what was refused.
 *
 * @typeParam E the environment of an app with its own bindings or variables.
 * @throws {ConfigurationError} if there is no authorizer.
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
