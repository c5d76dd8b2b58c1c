import type { OptionsShape } from '@kube-authn/core/adapter'
import {
  anAuthorizer,
  type ImpersonationOptionsOf,
  impersonationShape,
  optionProblems,
  prefixProblems,
  refuseProblems,
} from '@kube-authn/core/internal'
import type { Authorizer } from '@kube-authn/core/authorization'
import { impersonation } from '@kube-authn/express'
import type { CanActivate, ExecutionContext } from '@nestjs/common'
import { contextGuard } from './contexts.ts'
import type { FailureOptions } from './guard.ts'

/** Options of {@link impersonationGuard}. */
export interface ImpersonationOptions extends ImpersonationOptionsOf<ExecutionContext>, FailureOptions {}

const shape: OptionsShape<ImpersonationOptions> = impersonationShape

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
  refuseProblems(
    anAuthorizer(authorizer, 'authorizer'),
    optionProblems(shape, options),
    prefixProblems(options),
  )
  const { attributes: _attributes, user: _user, ...rest } = options
  return contextGuard(options, (ofRequest) => impersonation(authorizer, { ...rest, ...ofRequest }))
}
