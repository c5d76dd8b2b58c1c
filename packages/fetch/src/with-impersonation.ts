import type { Awaitable } from '@kube-authn/core'
import { aFunction, type OptionsShape } from '@kube-authn/core/adapter'
import {
  anAuthorizer,
  type ImpersonateRequestOptions,
  impersonateRequestShape,
  IMPERSONATES,
  impersonationOf,
  impersonationShape,
  optionProblems,
  prefixProblems,
  refuseProblems,
} from '@kube-authn/core/internal'
import type { Authorizer } from '@kube-authn/core/authorization'
import { attributesFrom, type ReadAttributes } from './attributes.ts'
import { type AuthenticationContext, contextOf } from './context.ts'
import { answer, type FailureOptions } from './failure.ts'
import { changeHeaders, clientOf, stateOf, users } from './state.ts'

/** Options of {@link withImpersonation}. */
export interface ImpersonationOptions<Req extends Request = Request, Rest extends readonly unknown[] = []>
  extends Omit<ImpersonateRequestOptions, 'attributes'>, FailureOptions<Req, Rest> {
  /** The attributes of a request, for `mode: 'constrained'`. Default: from Kubernetes-style paths. */
  readonly attributes?: ReadAttributes<Req, Rest>
}

const shape: OptionsShape<ImpersonationOptions> = { ...impersonateRequestShape, onFailure: aFunction }

/**
 * Wraps a handler of {@link withAuthentication}, and implements impersonation by the `Impersonate-*` headers of Kubernetes, if the authorizer allows
 * every part of it. Then `user` is the impersonated user, and `authentication.requester` the caller.
 *
 * It must be the outermost handler in `withAuthentication`; otherwise set the option `impersonationHeaders: 'later'` there.
 *
 * @typeParam Req the class of the request.
 * @typeParam Rest the further arguments.
 * @throws {ConfigurationError} if an option is invalid.
 * @example
 * export const GET = withAuthentication(authenticator, withImpersonation(policy, (request, { user }) => show(user)))
 */
export function withImpersonation<Req extends Request = Request, Rest extends readonly unknown[] = []>(
  authorizer: Authorizer,
  handler: (request: Req, context: AuthenticationContext, ...rest: Rest) => Awaitable<Response>,
  options: ImpersonationOptions<Req, Rest> = {},
): (request: Req, context: AuthenticationContext, ...rest: Rest) => Promise<Response> {
  refuseProblems(
    anAuthorizer(authorizer, 'authorizer'),
    aFunction(handler, 'handler'),
    optionProblems(shape, options),
    prefixProblems(options),
  )
  const { attributes, onFailure = answer, ...rest } = options
  const impersonate = impersonationOf(users, authorizer, impersonationShape, rest)

  const impersonatingHandler = async (
    received: Req,
    _context: AuthenticationContext,
    ...further: Rest
  ): Promise<Response> => {
    const state = stateOf(received, further)
    const given = attributes === undefined ? undefined : await attributesFrom(attributes, received, further)
    let request = received
    const failure = await impersonate(state, clientOf(state, given), (_state, changes) => {
      request = changeHeaders(state, received, changes)
    })
    return failure === undefined
      ? handler(request, contextOf(state), ...further)
      : onFailure(failure, request, ...further)
  }
  // So that `withAuthentication` can find it.
  return Object.assign(impersonatingHandler, { [IMPERSONATES]: true })
}
