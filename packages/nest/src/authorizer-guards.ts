import type { IncomingMessage } from 'node:http'
import {
  type AnyShape,
  type AuthorizationOptionsOf,
  authorizationShape,
  checkAuthorizerOptions,
  type ImpersonationOptionsOf,
  impersonationShape,
} from '@kube-authn/core/internal'
import type { Authorizer } from '@kube-authn/core/authorization'
import { authorization, impersonation, type Middleware } from '@kube-authn/express'
import type { CanActivate, ExecutionContext } from '@nestjs/common'
import { type FailureOptions, guardOf, passRefusal } from './guard.ts'

/** Options of {@link authorizationGuard}. */
export interface AuthorizationOptions extends AuthorizationOptionsOf<ExecutionContext>, FailureOptions {}

/**
 * A guard that authorizes requests: it continues if the authorizer allows the user to make the request; otherwise the response is a 403 with what was
 * refused. Use it after {@link authenticationGuard}.
 *
 * @throws {ConfigurationError} if there is no authorizer.
 * @example
 * @UseGuards(authorizationGuard(authorizer))
 */
export function authorizationGuard(authorizer: Authorizer, options: AuthorizationOptions = {}): CanActivate {
  return contextGuard(authorizer, options, authorizationShape, authorization)
}

/** Options of {@link impersonationGuard}. */
export interface ImpersonationOptions extends ImpersonationOptionsOf<ExecutionContext>, FailureOptions {}

/**
 * A guard that implements impersonation by the `Impersonate-*` headers of Kubernetes, if the authorizer allows every part of it. Then the user is the
 * impersonated user, and `getAuthentication(request).requester` the caller.
 *
 * Nest does not show a guard those that follow, so `authenticationGuard` needs the option `impersonationHeaders: 'later'`.
 *
 * @throws {ConfigurationError} if an option is invalid.
 * @example
 * app.useGlobalGuards(
 *   authenticationGuard(authenticator, { impersonationHeaders: 'later' }),
 *   impersonationGuard(policy),
 * )
 */
export function impersonationGuard(authorizer: Authorizer, options: ImpersonationOptions = {}): CanActivate {
  return contextGuard(authorizer, options, impersonationShape, impersonation)
}

type OptionsOf<R> = Pick<AuthorizationOptionsOf<R>, 'attributes' | 'user'>

/** A guard that decides as a middleware does, whose options get Nest's context instead of the request. */
function contextGuard<O extends OptionsOf<ExecutionContext> & FailureOptions & { readonly prefix?: string }>(
  authorizer: Authorizer,
  options: O,
  shape: AnyShape,
  middlewareBy: (
    authorizer: Authorizer,
    options: Omit<O, keyof OptionsOf<never> | 'onFailure'> &
      OptionsOf<IncomingMessage> & { readonly onFailure: typeof passRefusal },
  ) => Middleware,
): CanActivate {
  checkAuthorizerOptions(authorizer, shape, options)
  const { attributes, user, onFailure: _handled, ...rest } = options
  const contexts = new WeakMap<IncomingMessage, ExecutionContext>()
  const ofRequest =
    <T>(read: (context: ExecutionContext) => T) =>
    (req: IncomingMessage): T => {
      const context = contexts.get(req)
      if (context === undefined) throw new Error('the request has no context')
      return read(context)
    }
  const middleware = middlewareBy(authorizer, {
    ...rest,
    ...(attributes !== undefined && { attributes: ofRequest(attributes) }),
    ...(user !== undefined && { user: ofRequest(user) }),
    onFailure: passRefusal,
  })
  return guardOf(middleware, options, (req, context) => void contexts.set(req, context))
}
