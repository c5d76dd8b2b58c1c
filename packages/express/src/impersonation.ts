import type { IncomingMessage } from 'node:http'
import { applyHeaderChanges, clientContext } from '@kube-authn/core/adapter'
import { IMPERSONATES, impersonationOf, type ImpersonationOptionsOf } from '@kube-authn/core/internal'
import type { Authorizer } from '@kube-authn/core/authorization'
import { type FailureOptions, type Middleware, nextUnless, refuser } from './middleware.ts'
import { users } from './state.ts'

/** Options of {@link impersonation}. */
export interface ImpersonationOptions<Req extends IncomingMessage = IncomingMessage>
  extends ImpersonationOptionsOf<Req>, FailureOptions {}

/**
 * Implements impersonation by the `Impersonate-*` headers of Kubernetes, if the authorizer allows every part of it. Then `req.user` is the
 * impersonated user, and `getAuthentication(req).requester` the caller.
 *
 * @throws {ConfigurationError} if an option is invalid.
 * @example
 * app.use(authentication(authenticator))
 * app.use(impersonation(rbac(parseRbac(yaml))))
 */
export function impersonation<Req extends IncomingMessage = IncomingMessage>(
  authorizer: Authorizer,
  options: ImpersonationOptions<Req> = {},
): Middleware<Req> {
  const impersonate = impersonationOf<Req>(users, authorizer, options)
  const refuse = refuser(options)

  const middleware: Middleware<Req> = function impersonationMiddleware(req, res, next) {
    nextUnless(impersonate(req, clientContext(req, res), applyHeaderChanges), refuse, req, res, next)
  }
  // So that `authentication` can find it.
  return Object.assign(middleware, { [IMPERSONATES]: true })
}
