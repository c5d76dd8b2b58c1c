import { authorizationOf, type AuthorizationOptionsOf } from '@kube-authn/core/internal'
import type { Authorizer } from '@kube-authn/core/authorization'
import type { Context, MiddlewareHandler } from 'hono'
import { clientOf } from './client.ts'
import { answer, type FailureOptions } from './failure.ts'
import { type AuthenticationEnv, users } from './state.ts'

/** Options of {@link authorization}. */
export interface AuthorizationOptions extends AuthorizationOptionsOf<Context>, FailureOptions {}

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
  const authorize = authorizationOf<Context>(users, authorizer, options)
  const { onFailure = answer } = options

  const middleware: MiddlewareHandler = async function authorizationMiddleware(c, next) {
    const failure = await authorize(c, clientOf(c))
    return failure === undefined ? next() : onFailure(failure, c, next)
  }
  return middleware
}
