import type { UserInfo } from '@kube-authn/core'
import type { Authorizer, RequestAttributes } from '@kube-authn/core/authorization'
import {
  type ImpersonateRequestOptions,
  anAuthorizer,
  impersonateRequestShape,
  optionProblems,
  refuseProblems,
  advise,
} from '@kube-authn/core/internal/shared'
import {
  type OptionsShape,
  aFunction,
  applyHeaderChanges,
  clientContext,
  impersonateRequest,
} from '@kube-authn/core/adapter'
import type { FastifyPluginCallback, FastifyRequest } from 'fastify'
import { type FailureOptions, proceedWith, refuser } from './failure.ts'
import { pluginFor } from './plugin.ts'
import { hold, IMPERSONATED_SCOPE, setAuthentication, stateOf } from './state.ts'

/** Options of {@link impersonation}. */
export interface ImpersonationOptions extends Omit<ImpersonateRequestOptions, 'attributes'>, FailureOptions {
  /** The attributes of a request, for `mode: 'constrained'`. Default: from Kubernetes-style paths. */
  readonly attributes?: (request: FastifyRequest) => RequestAttributes
  /** The caller of a request. Default: the user of `authentication`. */
  readonly user?: (request: FastifyRequest) => UserInfo | undefined
}

const shape: OptionsShape<ImpersonationOptions> = {
  ...impersonateRequestShape,
  user: aFunction,
  onFailure: aFunction,
}

/**
 * A plugin that implements impersonation by the `Impersonate-*` headers of Kubernetes, if the authorizer allows every part of it. Then `request.user`
 * is the impersonated user, and `getAuthentication(request).requester` the caller. It applies to the scope in which it is registered and to its inner
 * scopes; register it after `authentication`.
 *
 * @throws {ConfigurationError} if an option is invalid.
 * @example
 * await app.register(authentication(authenticator))
 * await app.register(impersonation(rbac(parseRbac(yaml))))
 */
export function impersonation(
  authorizer: Authorizer,
  options: ImpersonationOptions = {},
): FastifyPluginCallback {
  refuseProblems(anAuthorizer(authorizer, 'authorizer'), optionProblems(shape, options))
  const { attributes, user, onFailure, ...rest } = options
  const impersonate = impersonateRequest(authorizer, rest)
  const refuse = refuser(onFailure === undefined ? {} : { onFailure })

  return pluginFor('impersonation', (app) => {
    if (!app.hasRequestDecorator(IMPERSONATED_SCOPE)) app.decorateRequest(IMPERSONATED_SCOPE, true)
    app.addHook('onRequest', function impersonationHook(request, reply, next) {
      const state = stateOf(request)
      const caller = state.authentication ?? state.held?.caller
      if (user === undefined && caller === undefined && state.held === undefined)
        advise(options.log, 'noUser')
      const requester = user === undefined ? caller?.user : asCaller(request, () => user(request))
      const given = attributes === undefined ? undefined : { attributes: () => attributes(request) }
      proceedWith(
        impersonate(state.request, requester, clientContext(request.raw, reply.raw, given)),
        (outcome) => {
          applyHeaderChanges(request.raw, outcome.headerChanges)
          if ('failure' in outcome) {
            hold(request, { failure: outcome.failure })
            refuse(outcome.failure, request, reply, next)
            return
          }
          if (outcome.requester !== undefined && outcome.user !== undefined) {
            setAuthentication(request, { ...caller, user: outcome.user, requester: outcome.requester })
          } else if (state.held?.caller !== undefined) setAuthentication(request, state.held.caller)
          next()
        },
        next,
      )
    })
  })
}

/** Calls a function of the app, for which the user of a held request is the caller. */
function asCaller<T>(request: FastifyRequest, ask: () => T): T {
  const { held } = stateOf(request)
  if (held?.caller === undefined) return ask()
  setAuthentication(request, held.caller)
  try {
    return ask()
  } finally {
    hold(request, held)
  }
}
