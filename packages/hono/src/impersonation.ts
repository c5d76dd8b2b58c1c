import { IMPERSONATES, impersonationOf, type ImpersonationOptionsOf } from '@kube-authn/core/internal'
import type { Authorizer } from '@kube-authn/core/authorization'
import type { Context, MiddlewareHandler } from 'hono'
import { clientOf } from './client.ts'
import { answer, type FailureOptions } from './failure.ts'
import { type AuthenticationEnv, changeHeaders, users } from './state.ts'

/** Options of {@link impersonation}. */
export interface ImpersonationOptions extends ImpersonationOptionsOf<Context>, FailureOptions {}

/**
 * Implements impersonation by the `Impersonate-*` headers of Kubernetes, if the authorizer allows every part of it. Then `c.var.user` is the
 * impersonated user, and `c.var.authentication.requester` the caller.
 *
 * @typeParam E the environment of an app with its own bindings or variables.
 * @throws {ConfigurationError} if an option is invalid.
 * @example
 * new Hono().use(authentication(authenticator)).use(impersonation(rbac(parseRbac(yaml))))
 */
export function impersonation<E extends AuthenticationEnv = AuthenticationEnv>(
  authorizer: Authorizer,
  options: ImpersonationOptions = {},
): MiddlewareHandler<E> {
  const impersonate = impersonationOf<Context>(users, authorizer, options)
  const { onFailure = answer } = options

  const middleware: MiddlewareHandler = async function impersonationMiddleware(c, next) {
    const failure = await impersonate(c, clientOf(c), changeHeaders)
    return failure === undefined ? next() : onFailure(failure, c, next)
  }
  // So that `authentication` can find it.
  return Object.assign(middleware, { [IMPERSONATES]: true })
}
