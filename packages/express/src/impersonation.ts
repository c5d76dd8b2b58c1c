import type { IncomingMessage } from 'node:http'
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
import {
  type OptionsShape,
  aFunction,
  applyHeaderChanges,
  clientContext,
  impersonateRequest,
} from '@kube-authn/core/adapter'
import { type FailureOptions, type Middleware, proceedWith, refuser } from './middleware.ts'
import { hold, setAuthentication, stateOf } from './state.ts'

/** Options of {@link impersonation}. */
export interface ImpersonationOptions<Req extends IncomingMessage = IncomingMessage>
  extends Omit<ImpersonateRequestOptions, 'attributes'>, FailureOptions {
  /** The attributes of a request, for `mode: 'constrained'`. Default: from Kubernetes-style paths. */
  readonly attributes?: (req: Req) => RequestAttributes
  /** The caller of a request. Default: the user of `authentication`. */
  readonly user?: (req: Req) => UserInfo | undefined
}

const shape: OptionsShape<ImpersonationOptions> = {
  ...impersonateRequestShape,
  user: aFunction,
  onFailure: aFunction,
}

/**
 * Implements impersonation by the `Impersonate-*` headers of Kubernetes, if the authorizer allows every part of it. Then `req.user` is the
 * impersonated user, and `getAuthentication(req).requester` the caller.
 *
 * @throws {ConfigurationError} if an option is invalid.
 * @example
 * app.use(authentication(authenticator))
 * app.use(impersonation(rbac(parseRbac(yaml))))
 */
export function impersonation<Req extends IncomingMessage = IncomingMessage>(
  authorizer: Authorizer,
  options: ImpersonationOptions<Req> = {},
): Middleware<Req> {
  refuseProblems(anAuthorizer(authorizer, 'authorizer'), optionProblems(shape, options))
  const { attributes, user, onFailure, ...rest } = options
  const impersonate = impersonateRequest(authorizer, rest)
  const refuse = refuser(onFailure === undefined ? {} : { onFailure })

  return markedImpersonation(function impersonationMiddleware(req, res, next) {
    const state = stateOf(req)
    const caller = state.authentication ?? state.held?.caller
    if (user === undefined && caller === undefined && state.held === undefined) advise(options.log, 'noUser')
    const requester = user === undefined ? caller?.user : asCaller(req, () => user(req))
    const given = attributes === undefined ? undefined : { attributes: () => attributes(req) }
    proceedWith(
      impersonate(state.request, requester, clientContext(req, res, given)),
      (outcome) => {
        applyHeaderChanges(req, outcome.headerChanges)
        if ('failure' in outcome) {
          hold(req, { failure: outcome.failure })
          refuse(outcome.failure, req, res, next)
          return
        }
        if (outcome.requester !== undefined && outcome.user !== undefined) {
          setAuthentication(req, { ...caller, user: outcome.user, requester: outcome.requester })
        } else if (state.held?.caller !== undefined) setAuthentication(req, state.held.caller)
        next()
      },
      next,
    )
  })
}

/** Marks the middleware, so that `authentication` can find it. */
function markedImpersonation<Req extends IncomingMessage>(middleware: Middleware<Req>): Middleware<Req> {
  return Object.assign(middleware, { [IMPERSONATES]: true })
}

/** Calls a function of the app, for which the user of a held request is the caller. */
function asCaller<T>(req: IncomingMessage, ask: () => T): T {
  const { held } = stateOf(req)
  if (held?.caller === undefined) return ask()
  setAuthentication(req, held.caller)
  try {
    return ask()
  } finally {
    hold(req, held)
  }
}
