import type { IncomingMessage } from 'node:http'
import type { UserInfo } from '@kube-authn/core'
import type { Authorizer, RequestAttributes } from '@kube-authn/core/authorization'
import type { ImpersonateRequestOptions } from '@kube-authn/core/impersonation'
import type { OptionsShape } from '@kube-authn/core/options'
import {
  aFunction,
  anAuthorizer,
  applyHeaderChanges,
  clientContext,
  impersonateRequest,
  impersonateRequestShape,
  IMPERSONATES,
  optionProblems,
  refuseProblems,
  warnNoUser,
} from '@kube-authn/core/adapter'
import { type FailureOptions, type Middleware, proceedWith, refuser } from './middleware.ts'
import { hold, setAuthentication, stateOf } from './state.ts'

/** Options of {@link impersonation}. */
export interface ImpersonationOptions<Req extends IncomingMessage = IncomingMessage>
  extends Omit<ImpersonateRequestOptions, 'attributes'>, FailureOptions {
  /** What a request is about, for `mode: 'constrained'`. Default: Kubernetes-style paths. */
  readonly attributes?: (req: Req) => RequestAttributes
  /** Who makes a request. Default: whom `authentication` found out. */
  readonly user?: (req: Req) => UserInfo | undefined
}

const shape: OptionsShape<ImpersonationOptions> = {
  ...impersonateRequestShape,
  user: aFunction,
  onFailure: aFunction,
}

/**
 * Lets a user act as another, with the `Impersonate-*` headers of Kubernetes, if the authorizer allows every part of it. Then
 * `req.user` is the other, and `getAuthentication(req).requester` who really made the request.
 *
 * @throws {ConfigurationError} when the options cannot work.
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
    if (user === undefined && caller === undefined && state.held === undefined) warnNoUser()
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

/** For `authentication` to find it. */
function markedImpersonation<Req extends IncomingMessage>(middleware: Middleware<Req>): Middleware<Req> {
  return Object.assign(middleware, { [IMPERSONATES]: true })
}

/** What a function of the app says, to which the caller is the user of a request that is held. */
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
