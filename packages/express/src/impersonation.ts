import type { IncomingMessage } from 'node:http'
import { applyHeaderChanges, clientContext, type OptionsShape } from '@kube-authn/core/adapter'
import {
  IMPERSONATES,
  impersonationOf,
  type ImpersonationOptionsOf,
  impersonationShape,
} from '@kube-authn/core/internal'
import type { Authorizer } from '@kube-authn/core/authorization'
import { type FailureOptions, type Middleware, nextUnless, refuser } from './middleware.ts'
import { users } from './state.ts'

/** Options of {@link impersonation}. */
export interface ImpersonationOptions<Req extends IncomingMessage = IncomingMessage>
  extends ImpersonationOptionsOf<Req>, FailureOptions {}

const shape: OptionsShape<ImpersonationOptions> = impersonationShape

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
  const impersonate = impersonationOf<Req>(users, authorizer, shape, options)
  const refuse = refuser(options)

  return markedImpersonation(function impersonationMiddleware(req, res, next) {
    nextUnless(impersonate(req, clientContext(req, res), applyHeaderChanges), refuse, req, res, next)
  })
}

/** Marks the middleware, so that `authentication` can find it. */
function markedImpersonation<Req extends IncomingMessage>(middleware: Middleware<Req>): Middleware<Req> {
  return Object.assign(middleware, { [IMPERSONATES]: true })
}
