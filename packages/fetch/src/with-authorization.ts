import type { Awaitable } from '@kube-authn/core'
import { aFunction, type OptionsShape } from '@kube-authn/core/adapter'
import {
  anAuthorizer,
  authorizationOf,
  authorizationShape,
  type AuthorizeRequestOptions,
  authorizeRequestShape,
  optionProblems,
  prefixProblems,
  refuseProblems,
} from '@kube-authn/core/internal'
import type { Authorizer } from '@kube-authn/core/authorization'
import { attributesFrom, type ReadAttributes } from './attributes.ts'
import { type AuthenticationContext, contextOf } from './context.ts'
import { answer, type FailureOptions } from './failure.ts'
import { clientOf, stateOf, users } from './state.ts'

/** Options of {@link withAuthorization}. */
export interface AuthorizationOptions<Req extends Request = Request, Rest extends readonly unknown[] = []>
  extends Omit<AuthorizeRequestOptions, 'attributes'>, FailureOptions<Req, Rest> {
  /** The attributes of a request. Default: from Kubernetes-style paths; any other path is a non-resource path. */
  readonly attributes?: ReadAttributes<Req, Rest>
}

const shape: OptionsShape<AuthorizationOptions> = { ...authorizeRequestShape, onFailure: aFunction }

/**
 * Wraps a handler of {@link withAuthentication}, so that it is called if the authorizer allows the user to make the request; the others get a 403
 * that says what was refused.
 *
 * @typeParam Req the class of the request.
 * @typeParam Rest the further arguments.
 * @throws {ConfigurationError} if there is no authorizer.
 * @example
 * export const GET = withAuthentication(authenticator, withAuthorization(policy, (request, { user }) => show(user)))
 */
export function withAuthorization<Req extends Request = Request, Rest extends readonly unknown[] = []>(
  authorizer: Authorizer,
  handler: (request: Req, context: AuthenticationContext, ...rest: Rest) => Awaitable<Response>,
  options: AuthorizationOptions<Req, Rest> = {},
): (request: Req, context: AuthenticationContext, ...rest: Rest) => Promise<Response> {
  refuseProblems(
    anAuthorizer(authorizer, 'authorizer'),
    aFunction(handler, 'handler'),
    optionProblems(shape, options),
    prefixProblems(options),
  )
  const { attributes, onFailure = answer, ...rest } = options
  const authorize = authorizationOf(users, authorizer, authorizationShape, rest)

  return async function authorizedHandler(request, _context, ...further) {
    const state = stateOf(request, further)
    // A held request is refused anyway, before the app reads its attributes.
    const given =
      attributes === undefined || state.held !== undefined
        ? undefined
        : await attributesFrom(attributes, request, further)
    const failure = await authorize(state, clientOf(state, given))
    return failure === undefined
      ? handler(request, contextOf(state), ...further)
      : onFailure(failure, request, ...further)
  }
}
