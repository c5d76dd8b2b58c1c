import type { UserInfo } from '@kube-authn/core'
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
import type { Middleware, ParameterizedContext } from 'koa'
import {
  type OptionsShape,
  aFunction,
  applyHeaderChanges,
  clientContext,
  impersonateRequest,
} from '@kube-authn/core/adapter'
import { answer, type FailureOptions } from './failure.ts'
import { type AuthenticationState, hold, setAuthentication, stateOf } from './state.ts'

/** Options of {@link impersonation}. */
export interface ImpersonationOptions extends Omit<ImpersonateRequestOptions, 'attributes'>, FailureOptions {
  /** The attributes of a request, for `mode: 'constrained'`. Default: from Kubernetes-style paths. */
  readonly attributes?: (ctx: ParameterizedContext) => RequestAttributes
  /** The caller of a request. Default: the user of `authentication`. */
  readonly user?: (ctx: ParameterizedContext) => UserInfo | undefined
}

const shape: OptionsShape<ImpersonationOptions> = {
  ...impersonateRequestShape,
  user: aFunction,
  onFailure: aFunction,
}

/**
 * Implements impersonation by the `Impersonate-*` headers of Kubernetes, if the authorizer allows every part of it. Then `ctx.state.user` is the
 * impersonated user, and `getAuthentication(ctx).requester` the caller.
 *
 * @throws {ConfigurationError} if an option is invalid.
 * @example
 * app.use(authentication(authenticator)).use(impersonation(rbac(parseRbac(yaml))))
 */
export function impersonation(
  authorizer: Authorizer,
  options: ImpersonationOptions = {},
): Middleware<AuthenticationState> {
  refuseProblems(anAuthorizer(authorizer, 'authorizer'), optionProblems(shape, options))
  const { attributes, user, onFailure = answer, ...rest } = options
  const impersonate = impersonateRequest(authorizer, rest)

  const middleware: Middleware<AuthenticationState> = async function impersonationMiddleware(ctx, next) {
    const state = stateOf(ctx)
    const caller = state.authentication ?? state.held?.caller
    if (user === undefined && caller === undefined && state.held === undefined) advise(options.log, 'noUser')
    const requester = user === undefined ? caller?.user : asCaller(ctx, () => user(ctx))
    const given = attributes === undefined ? undefined : { attributes: () => attributes(ctx) }
    const context = clientContext(ctx.req, ctx.res, given)
    const outcome = await impersonate(state.request, requester, context)
    applyHeaderChanges(ctx.req, outcome.headerChanges)
    if ('failure' in outcome) {
      hold(ctx, { failure: outcome.failure })
      await onFailure(outcome.failure, ctx, next)
      return
    }
    if (outcome.requester !== undefined && outcome.user !== undefined) {
      setAuthentication(ctx, { ...caller, user: outcome.user, requester: outcome.requester })
    } else if (state.held?.caller !== undefined) setAuthentication(ctx, state.held.caller)
    await next()
  }
  // So that `authentication` can find it.
  return Object.assign(middleware, { [IMPERSONATES]: true })
}

/** Calls a function of the app, for which the user of a held request is the caller. */
function asCaller<T>(ctx: ParameterizedContext<AuthenticationState>, ask: () => T): T {
  const { held } = stateOf(ctx)
  if (held?.caller === undefined) return ask()
  setAuthentication(ctx, held.caller)
  try {
    return ask()
  } finally {
    hold(ctx, held)
  }
}
