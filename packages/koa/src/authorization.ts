import type { UserInfo } from '@kube-authn/core'
import type { Authorizer, RequestAttributes } from '@kube-authn/core/authorization'
import {
  type AuthorizeRequestOptions,
  anAuthorizer,
  authorizeRequestShape,
  optionProblems,
  refuseProblems,
} from '@kube-authn/core/internal/shared'
import type { Middleware, ParameterizedContext } from 'koa'
import { type OptionsShape, aFunction, authorizeRequest, clientContext } from '@kube-authn/core/adapter'
import { answer, type FailureOptions } from './failure.ts'
import { type AuthenticationState, stateOf } from './state.ts'

/** Options of {@link authorization}. */
export interface AuthorizationOptions extends Omit<AuthorizeRequestOptions, 'attributes'>, FailureOptions {
  /** The attributes of a request. Default: from Kubernetes-style paths; any other path is a non-resource path. */
  readonly attributes?: (ctx: ParameterizedContext) => RequestAttributes
  /** The user of a request. Default: the user of `authentication` and `impersonation`. */
  readonly user?: (ctx: ParameterizedContext) => UserInfo | undefined
}

const shape: OptionsShape<AuthorizationOptions> = {
  ...authorizeRequestShape,
  user: aFunction,
  onFailure: aFunction,
}

/**
 * Authorizes requests: continues if the authorizer allows the user to make the request; otherwise responds with 403 and what was refused.
 *
 * @throws {ConfigurationError} if there is no authorizer.
 * @example
 * app.use(authorization(authorizer, { attributes: (ctx) => ({ verb: 'get', resource: 'invoices', path: ctx.path }) }))
 */
export function authorization(
  authorizer: Authorizer,
  options: AuthorizationOptions = {},
): Middleware<AuthenticationState> {
  refuseProblems(anAuthorizer(authorizer, 'authorizer'), optionProblems(shape, options))
  const { attributes, user, onFailure = answer, ...rest } = options
  const authorize = authorizeRequest(authorizer, rest)

  return async function authorizationMiddleware(ctx, next) {
    const state = stateOf(ctx)
    if (state.held !== undefined) {
      await onFailure(state.held.failure, ctx, next)
      return
    }
    const given = attributes === undefined ? undefined : { attributes: () => attributes(ctx) }
    const whose = user === undefined ? state.authentication?.user : user(ctx)
    const outcome = await authorize(state.request, whose, clientContext(ctx.req, ctx.res, given))
    if ('failure' in outcome) await onFailure(outcome.failure, ctx, next)
    else await next()
  }
}
