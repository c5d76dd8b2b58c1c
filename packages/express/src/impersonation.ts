import type { IncomingMessage } from 'node:http'
import type { UserInfo } from '@kube-authn/core'
import type { Authorizer, RequestAttributes } from '@kube-authn/core/authorization'
import {
  type ImpersonateRequestOptions,
  impersonateRequest,
  impersonateRequestShape,
} from '@kube-authn/core/impersonation'
import { applyHeaderChanges } from '@kube-authn/core/incoming-message'
import {
  aFunction,
  anAuthorizer,
  optionProblems,
  type OptionsShape,
  refuseProblems,
} from '@kube-authn/core/options'
import { type FailureOptions, type Middleware, proceedWith, refuser } from './middleware.ts'
import { setAuthentication, stateOf } from './state.ts'

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

  return function impersonationMiddleware(req, res, next) {
    const state = stateOf(req)
    const requester = user === undefined ? state.authentication?.user : user(req)
    const given = attributes === undefined ? {} : { attributes: () => attributes(req) }
    proceedWith(
      impersonate(state.request, requester, given),
      (outcome) => {
        applyHeaderChanges(req, outcome.headerChanges)
        if ('failure' in outcome) {
          refuse(outcome.failure, req, res, next)
          return
        }
        if (outcome.requester !== undefined && outcome.user !== undefined) {
          setAuthentication(req, {
            ...state.authentication,
            user: outcome.user,
            requester: outcome.requester,
          })
        }
        next()
      },
      next,
    )
  }
}
