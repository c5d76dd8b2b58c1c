import type { Awaitable } from '@kube-authn/core'
import type { Authorizer, RequestAttributes } from '@kube-authn/core/authorization'
import {
  type ImpersonateRequestOptions,
  anAuthorizer,
  impersonateRequestShape,
  optionProblems,
  refuseProblems,
  advise,
  IMPERSONATES,
} from '@kube-authn/core/internal/shared'
import { type OptionsShape, aFunction, impersonateRequest } from '@kube-authn/core/adapter'
import { attributesFrom } from './attributes.ts'
import { type AuthenticationContext, contextOf } from './context.ts'
import { answer, type FailureOptions } from './failure.ts'
import { changeHeaders, clientOf, hold, setAuthentication, stateOf } from './state.ts'

/** Options of {@link withImpersonation}. */
export interface ImpersonationOptions<Req extends Request = Request, Rest extends readonly unknown[] = []>
  extends Omit<ImpersonateRequestOptions, 'attributes'>, FailureOptions<Req, Rest> {
  /** The attributes of a request, for `mode: 'constrained'`. Default: from Kubernetes-style paths. */
  readonly attributes?: (request: Req, ...rest: Rest) => Awaitable<RequestAttributes>
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
  )
  const { attributes, onFailure = answer, ...rest } = options
  const impersonate = impersonateRequest(authorizer, rest)

  const impersonatingHandler = async (
    received: Req,
    _context: AuthenticationContext,
    ...further: Rest
  ): Promise<Response> => {
    const state = stateOf(received, further)
    const caller = state.authentication ?? state.held?.caller
    if (caller === undefined && state.held === undefined) advise(options.log, 'noUser')
    const given =
      attributes === undefined
        ? undefined
        : { attributes: await attributesFrom(() => attributes(received, ...further)) }
    const outcome = await impersonate(state.request, caller?.user, clientOf(state, given))
    const request = changeHeaders(state, received, outcome.headerChanges)
    if ('failure' in outcome) {
      hold(state, { failure: outcome.failure })
      return onFailure(outcome.failure, request, ...further)
    }
    if (outcome.requester !== undefined && outcome.user !== undefined) {
      setAuthentication(state, { ...caller, user: outcome.user, requester: outcome.requester })
    } else if (state.held?.caller !== undefined) setAuthentication(state, state.held.caller)
    return handler(request, contextOf(state), ...further)
  }
  // So that `withAuthentication` can find it.
  return Object.assign(impersonatingHandler, { [IMPERSONATES]: true })
}
