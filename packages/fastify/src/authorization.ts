import type { UserInfo } from '@kube-authn/core'
import type { Authorizer, RequestAttributes } from '@kube-authn/core/authorization'
import {
  type AuthorizeRequestOptions,
  anAuthorizer,
  authorizeRequestShape,
  optionProblems,
  refuseProblems,
} from '@kube-authn/core/internal/shared'
import { type OptionsShape, aFunction, authorizeRequest, clientContext } from '@kube-authn/core/adapter'
import type { FastifyRequest, onRequestHookHandler } from 'fastify'
import { type FailureOptions, proceedWith, refuser } from './failure.ts'
import { stateOf } from './state.ts'

/** Options of {@link authorization}. */
export interface AuthorizationOptions extends Omit<AuthorizeRequestOptions, 'attributes'>, FailureOptions {
  /** The attributes of a request. Default: from Kubernetes-style paths; any other path is a non-resource path. */
  readonly attributes?: (request: FastifyRequest) => RequestAttributes
  /** The user of a request. Default: the user of `authentication` and `impersonation`. */
  readonly user?: (request: FastifyRequest) => UserInfo | undefined
}

const shape: OptionsShape<AuthorizationOptions> = {
  ...authorizeRequestShape,
  user: aFunction,
  onFailure: aFunction,
}

/**
 * A hook that authorizes requests: it continues if the authorizer allows the user to make the request; otherwise it responds with 403 and what was
 * refused. For a route, or with `addHook` for a scope.
 *
 * @throws {ConfigurationError} if there is no authorizer.
 * @example
 * app.addHook('onRequest', authorization(authorizer))
 */
export function authorization(
  authorizer: Authorizer,
  options: AuthorizationOptions = {},
): onRequestHookHandler {
  refuseProblems(anAuthorizer(authorizer, 'authorizer'), optionProblems(shape, options))
  const { attributes, user, onFailure, ...rest } = options
  const authorize = authorizeRequest(authorizer, rest)
  const refuse = refuser(onFailure === undefined ? {} : { onFailure })

  return function authorizationHook(request, reply, next) {
    const state = stateOf(request)
    if (state.held !== undefined) {
      refuse(state.held.failure, request, reply, next)
      return
    }
    const given = attributes === undefined ? undefined : { attributes: () => attributes(request) }
    const whose = user === undefined ? state.authentication?.user : user(request)
    proceedWith(
      authorize(state.request, whose, clientContext(request.raw, reply.raw, given)),
      (outcome) => {
        if ('failure' in outcome) refuse(outcome.failure, request, reply, next)
        else next()
      },
      next,
    )
  }
}
