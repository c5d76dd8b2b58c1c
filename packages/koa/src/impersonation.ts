import { applyHeaderChanges, clientContext } from '@kube-authn/core/adapter'
import { IMPERSONATES, impersonationOf, type ImpersonationOptionsOf } from '@kube-authn/core/internal'
import type { Authorizer } from '@kube-authn/core/authorization'
import type { Middleware, ParameterizedContext } from 'koa'
import { answer, type FailureOptions } from './failure.ts'
import { type AuthenticationState, users } from './state.ts'

/** Options of {@link impersonation}. */
export interface ImpersonationOptions extends ImpersonationOptionsOf<ParameterizedContext>, FailureOptions {}

/**
 * Implements impersonation by the `Impersonate-*` headers of Kubernetes, if the authorizer allows every part of it. Then `ctx.state.user` is the
 * impersonated user, and `getAuthentication(ctx).requester` the caller.
 *
 * @throws {ConfigurationError} if an option is invalid.
 * @example
 * app.use(authentication(authenticator)).use(impersonation(rbac(parseRbac(yaml))))
 */
export function impersonation(
  authorizer: Authorizer,
  options: ImpersonationOptions = {},
): Middleware<AuthenticationState> {
  const impersonate = impersonationOf<ParameterizedContext>(users, authorizer, options)
  const { onFailure = answer } = options

  const middleware: Middleware<AuthenticationState> = async function impersonationMiddleware(ctx, next) {
    const failure = await impersonate(ctx, clientContext(ctx.req, ctx.res), ({ req }, changes) => {
      applyHeaderChanges(req, changes)
    })
    if (failure === undefined) await next()
    else await onFailure(failure, ctx, next)
  }
  // So that `authentication` can find it.
  return Object.assign(middleware, { [IMPERSONATES]: true })
}
