import type { UserInfo } from '@kube-authn/core'
import { type OptionsShape, aFunction } from '@kube-authn/core/adapter'
import type { Authorizer, RequestAttributes } from '@kube-authn/core/authorization'
import {
  type AuthorizeRequestOptions,
  anAuthorizer,
  authorizeRequestShape,
  optionProblems,
  refuseProblems,
} from '@kube-authn/core/internal/shared'
import { authorization } from '@kube-authn/express'
import type { CanActivate, ExecutionContext } from '@nestjs/common'
import { Contexts } from './contexts.ts'
import { type FailureOptions, guardOf, passRefusal } from './guard.ts'

/** Options of {@link authorizationGuard}. */
export interface AuthorizationOptions extends Omit<AuthorizeRequestOptions, 'attributes'>, FailureOptions {
  /** The attributes of a request. Default: from Kubernetes-style paths; any other path is a non-resource path. */
  readonly attributes?: (context: ExecutionContext) => RequestAttributes
  /** The user of a request. Default: the user of `authenticationGuard` and `impersonationGuard`. */
  readonly user?: (context: ExecutionContext) => UserInfo | undefined
}

const shape: OptionsShape<AuthorizationOptions> = {
  ...authorizeRequestShape,
  user: aFunction,
  onFailure: aFunction,
}

/**
 * A guard that authorizes requests: it continues if the authorizer allows the user to make the request; otherwise the response is a 403 with what was
 * refused. Use it after {@link authenticationGuard}.
 *
 * @throws {ConfigurationError} if there is no authorizer.
 * @example
 * @UseGuards(authorizationGuard(authorizer))
 */
export function authorizationGuard(authorizer: Authorizer, options: AuthorizationOptions = {}): CanActivate {
  refuseProblems(anAuthorizer(authorizer, 'authorizer'), optionProblems(shape, options))
  const { attributes, user, onFailure, ...rest } = options
  const contexts = new Contexts()
  const middleware = authorization(authorizer, {
    ...rest,
    ...(attributes !== undefined && { attributes: contexts.of(attributes) }),
    ...(user !== undefined && { user: contexts.of(user) }),
    onFailure: passRefusal,
  })
  const keep = attributes === undefined && user === undefined ? undefined : contexts.keep
  return guardOf(middleware, onFailure === undefined ? {} : { onFailure }, keep)
}
