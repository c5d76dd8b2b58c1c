import { clientContext } from '@kube-authn/core/adapter'
import { authorizationOf, type AuthorizationOptionsOf } from '@kube-authn/core/internal'
import type { Authorizer } from '@kube-authn/core/authorization'
import type { Middleware, ParameterizedContext } from 'koa'
import { answer, type FailureOptions } from './failure.ts'
import { type AuthenticationState, users } from './state.ts'

/** Options of {@link authorization}. */
export interface AuthorizationOptions extends AuthorizationOptionsOf<ParameterizedContext>, FailureOptions {}

/**
 * Authorizes requests: continues if the authorizer allows the user to make the request; otherwise responds with 403 and what was refused.
 *
 * @throws {ConfigurationError} if there is no authorizer.
 * @example
 * app.use(authorization(authorizer, { attributes: (ctx) => ({ verb: 'get', resource: 'invoices', path: ctx.path }) }))
 */
export function authorization(
  authorizer: Authorizer,
  options: AuthorizationOptions = {},
): Middleware<AuthenticationState> {
  const authorize = authorizationOf<ParameterizedContext>(users, authorizer, options)
  const { onFailure = answer } = options

  return async function authorizationMiddleware(ctx, next) {
    const failure = await authorize(ctx, clientContext(ctx.req, ctx.res))
    if (failure === undefined) await next()
    else await onFailure(failure, ctx, next)
  }
}
