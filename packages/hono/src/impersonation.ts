import type { UserInfo } from '@kube-authn/core'
import type { Authorizer, RequestAttributes } from '@kube-authn/core/authorization'
import type { ImpersonateRequestOptions } from '@kube-authn/core/impersonation'
import type { Context, MiddlewareHandler } from 'hono'
import type { OptionsShape } from '@kube-authn/core/options'
import {
  aFunction,
  anAuthorizer,
  impersonateRequest,
  impersonateRequestShape,
  IMPERSONATES,
  optionProblems,
  refuseProblems,
  warnNoUser,
} from '@kube-authn/core/adapter'
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
  /** What a request is about, for `mode: 'constrained'`. Default: Kubernetes-style paths. */
  readonly attributes?: (c: Context) => RequestAttributes
  /** Who makes a request. Default: whom `authentication` found out. */
  readonly user?: (c: Context) => UserInfo | undefined
}

const shape: OptionsShape<ImpersonationOptions> = {
  ...impersonateRequestShape,
  user: aFunction,
  onFailure: aFunction,
}

/**
 * Lets a user act as another, with the `Impersonate-*` headers of Kubernetes, if the authorizer allows every part of it. Then
 * `c.var.user` is the other, and `c.var.authentication.requester` who really made the request.
 *
 * @typeParam E the environment of an app that has bindings or variables of its own.
 * @throws {ConfigurationError} when the options cannot work.
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
    if (user === undefined && caller === undefined && state.held === undefined) warnNoUser()
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
  // For `authentication` to find it.
  return Object.assign(middleware, { [IMPERSONATES]: true })
}

/** What a function of the app says, to which the caller is the user of a request that is held. */
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
