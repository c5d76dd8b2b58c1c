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
import type { Context, MiddlewareHandler } from 'hono'
import { type OptionsShape, aFunction, impersonateRequest } from '@kube-authn/core/adapter'
import { clientOf } from './client.ts'
import { answer, type FailureOptions } from './failure.ts'
import {
  type AuthenticationEnv,
  authenticationOf,
  changeHeaders,
  hold,
  setAuthentication,
  stateOf,
} from './state.ts'

/** Options of {@link impersonation}. */
export interface ImpersonationOptions extends Omit<ImpersonateRequestOptions, 'attributes'>, FailureOptions {
  /** The attributes of a request, for `mode: 'constrained'`. Default: from Kubernetes-style paths. */
  readonly attributes?: (c: Context) => RequestAttributes
  /** The caller of a request. Default: the user of `authentication`. */
  readonly user?: (c: Context) => UserInfo | undefined
}

const shape: OptionsShape<ImpersonationOptions> = {
  ...impersonateRequestShape,
  user: aFunction,
  onFailure: aFunction,
}

/**
 * Implements impersonation by the `Impersonate-*` headers of Kubernetes, if the authorizer allows every part of it. Then `c.var.user` is the
 * impersonated user, and `c.var.authentication.requester` the caller.
 *
 * @typeParam E the environment of an app with its own bindings or variables.
 * @throws {ConfigurationError} if an option is invalid.
 * @example
 * new Hono().use(authentication(authenticator)).use(impersonation(rbac(parseRbac(yaml))))
 */
export function impersonation<E extends AuthenticationEnv = AuthenticationEnv>(
  authorizer: Authorizer,
  options: ImpersonationOptions = {},
): MiddlewareHandler<E> {
  refuseProblems(anAuthorizer(authorizer, 'authorizer'), optionProblems(shape, options))
  const { attributes, user, onFailure = answer, ...rest } = options
  const impersonate = impersonateRequest(authorizer, rest)

  const middleware: MiddlewareHandler = async function impersonationMiddleware(c, next) {
    const state = stateOf(c)
    const caller = authenticationOf(c) ?? state.held?.caller
    if (user === undefined && caller === undefined && state.held === undefined) advise(options.log, 'noUser')
    const requester = user === undefined ? caller?.user : asCaller(c, () => user(c))
    const given = attributes === undefined ? undefined : { attributes: () => attributes(c) }
    const outcome = await impersonate(state.request, requester, clientOf(c, given))
    changeHeaders(c, outcome.headerChanges)
    if ('failure' in outcome) {
      hold(c, { failure: outcome.failure })
      return onFailure(outcome.failure, c, next)
    }
    if (outcome.requester !== undefined && outcome.user !== undefined) {
      setAuthentication(c, { ...caller, user: outcome.user, requester: outcome.requester })
    } else if (state.held?.caller !== undefined) setAuthentication(c, state.held.caller)
    return next()
  }
  // So that `authentication` can find it.
  return Object.assign(middleware, { [IMPERSONATES]: true })
}

/** Calls a function of the app, for which the user of a held request is the caller. */
function asCaller<T>(c: Context, ask: () => T): T {
  const { held } = stateOf(c)
  if (held?.caller === undefined) return ask()
  setAuthentication(c, held.caller)
  try {
    return ask()
  } finally {
    hold(c, held)
  }
}
