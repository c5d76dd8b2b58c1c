import type { UserInfo } from '@kube-authn/core'
import { type OptionsShape, aFunction } from '@kube-authn/core/adapter'
import type { Authorizer, RequestAttributes } from '@kube-authn/core/authorization'
import {
  type ImpersonateRequestOptions,
  anAuthorizer,
  impersonateRequestShape,
  optionProblems,
  refuseProblems,
} from '@kube-authn/core/internal/shared'
import { impersonation } from '@kube-authn/express'
import type { CanActivate, ExecutionContext } from '@nestjs/common'
import { Contexts } from './contexts.ts'
import { type FailureOptions, guardOf, passRefusal } from './guard.ts'

/** Options of {@link impersonationGuard}. */
export interface ImpersonationOptions extends Omit<ImpersonateRequestOptions, 'attributes'>, FailureOptions {
  /** The attributes of a request, for `mode: 'constrained'`. Default: from Kubernetes-style paths. */
  readonly attributes?: (context: ExecutionContext) => RequestAttributes
  /** The caller of a request. Default: the user of `authenticationGuard`. */
  readonly user?: (context: ExecutionContext) => UserInfo | undefined
}

const shape: OptionsShape<ImpersonationOptions> = {
  ...impersonateRequestShape,
  user: aFunction,
  onFailure: aFunction,
}

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
  refuseProblems(anAuthorizer(authorizer, 'authorizer'), optionProblems(shape, options))
  const { attributes, user, onFailure, ...rest } = options
  const contexts = new Contexts()
  const middleware = impersonation(authorizer, {
    ...rest,
    ...(attributes !== undefined && { attributes: contexts.of(attributes) }),
    ...(user !== undefined && { user: contexts.of(user) }),
    onFailure: passRefusal,
  })
  const keep = attributes === undefined && user === undefined ? undefined : contexts.keep
  return guardOf(middleware, onFailure === undefined ? {} : { onFailure }, keep)
}
