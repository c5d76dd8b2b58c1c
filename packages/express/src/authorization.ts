import type { IncomingMessage } from 'node:http'
import { clientContext } from '@kube-authn/core/adapter'
import { authorizationOf, type AuthorizationOptionsOf } from '@kube-authn/core/internal'
import type { Authorizer } from '@kube-authn/core/authorization'
import { type FailureOptions, type Middleware, nextUnless, refuser } from './middleware.ts'
import { users } from './state.ts'

/** Options of {@link authorization}. */
export interface AuthorizationOptions<Req extends IncomingMessage = IncomingMessage>
  extends AuthorizationOptionsOf<Req>, FailureOptions {}

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
  const authorize = authorizationOf<Req>(users, authorizer, options)
  const refuse = refuser(options)

  return function authorizationMiddleware(req, res, next) {
    nextUnless(authorize(req, clientContext(req, res)), refuse, req, res, next)
  }
}
