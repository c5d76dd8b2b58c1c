import type { OptionsShape } from '@kube-authn/core/adapter'
import {
  anAuthorizer,
  type AuthorizationOptionsOf,
  authorizationShape,
  optionProblems,
  prefixProblems,
  refuseProblems,
} from '@kube-authn/core/internal'
import type { Authorizer } from '@kube-authn/core/authorization'
import { authorization } from '@kube-authn/express'
import type { CanActivate, ExecutionContext } from '@nestjs/common'
import { contextGuard } from './contexts.ts'
import type { FailureOptions } from './guard.ts'

/** Options of {@link authorizationGuard}. */
export interface AuthorizationOptions extends AuthorizationOptionsOf<ExecutionContext>, FailureOptions {}

const shape: OptionsShape<AuthorizationOptions> = authorizationShape

/**
 * A guard that authorizes requests: it continues if the authorizer allows the user to make the request; otherwise the response is a 403 with what was
 * refused. Use it after {@link authenticationGuard}.
 *
 * @throws {ConfigurationError} if there is no authorizer.
 * @example
 * @UseGuards(authorizationGuard(authorizer))
 */
export function authorizationGuard(authorizer: Authorizer, options: AuthorizationOptions = {}): CanActivate {
  refuseProblems(
    anAuthorizer(authorizer, 'authorizer'),
    optionProblems(shape, options),
    prefixProblems(options),
  )
  const { attributes: _attributes, user: _user, ...rest } = options
  return contextGuard(options, (ofRequest) => authorization(authorizer, { ...rest, ...ofRequest }))
}
