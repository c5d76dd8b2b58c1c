import type { Awaitable } from '@kube-authn/core'
import { aFunction, type OptionsShape } from '@kube-authn/core/adapter'
import {
  authorizationOf,
  type AuthorizeRequestOptions,
  authorizeRequestShape,
  type ImpersonateRequestOptions,
  checkAuthorizerOptions,
  impersonateRequestShape,
  IMPERSONATES,
  impersonationOf,
} from '@kube-authn/core/internal'
import type { Authorizer, RequestAttributes } from '@kube-authn/core/authorization'
import { type AuthenticationContext, contextOf, type Handler } from './context.ts'
import { answer, type FailureOptions } from './failure.ts'
import { changeHeaders, clientOf, stateOf, users } from './state.ts'

/** An option that returns the attributes of a request. Some frameworks have the parameters of a path in a promise. */
type ReadAttributes<Req extends Request, Rest extends readonly unknown[]> = (
  request: Req,
  ...rest: Rest
) => Awaitable<RequestAttributes>

/** Options of {@link withAuthorization}. */
export interface AuthorizationOptions<Req extends Request = Request, Rest extends readonly unknown[] = []>
  extends Omit<AuthorizeRequestOptions, 'attributes'>, FailureOptions<Req, Rest> {
  /** The attributes of a request. Default: from Kubernetes-style paths; any other path is a non-resource path. */
  readonly attributes?: ReadAttributes<Req, Rest>
}

const authorizationShape: OptionsShape<AuthorizationOptions> = {
  ...authorizeRequestShape,
  onFailure: aFunction,
}

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
  handler: Handler<Req, Rest, Awaitable<Response>>,
  options: AuthorizationOptions<Req, Rest> = {},
): Handler<Req, Rest, Promise<Response>> {
  checkAuthorizerOptions(authorizer, authorizationShape, options, aFunction(handler, 'handler'))
  const { attributes, onFailure = answer, ...rest } = options
  const authorize = authorizationOf(users, authorizer, rest)

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

/** Options of {@link withImpersonation}. */
export interface ImpersonationOptions<Req extends Request = Request, Rest extends readonly unknown[] = []>
  extends Omit<ImpersonateRequestOptions, 'attributes'>, FailureOptions<Req, Rest> {
  /** The attributes of a request, for `mode: 'constrained'`. Default: from Kubernetes-style paths. */
  readonly attributes?: ReadAttributes<Req, Rest>
}

const impersonationShape: OptionsShape<ImpersonationOptions> = {
  ...impersonateRequestShape,
  onFailure: aFunction,
}

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
  handler: Handler<Req, Rest, Awaitable<Response>>,
  options: ImpersonationOptions<Req, Rest> = {},
): Handler<Req, Rest, Promise<Response>> {
  checkAuthorizerOptions(authorizer, impersonationShape, options, aFunction(handler, 'handler'))
  const { attributes, onFailure = answer, ...rest } = options
  const impersonate = impersonationOf(users, authorizer, rest)

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

/** The attributes for a decision, read in advance. An error is thrown when they are used, so that it is part of the decision. */
async function attributesFrom<Req extends Request, Rest extends readonly unknown[]>(
  read: ReadAttributes<Req, Rest>,
  request: Req,
  rest: Rest,
): Promise<{ readonly attributes: () => RequestAttributes }> {
  try {
    const attributes = await read(request, ...rest)
    return { attributes: () => attributes }
  } catch (error) {
    return {
      attributes: () => {
        throw error
      },
    }
  }
}
