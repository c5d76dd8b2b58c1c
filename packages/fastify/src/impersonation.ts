import { applyHeaderChanges, clientContext } from '@kube-authn/core/adapter'
import { impersonationOf, type ImpersonationOptionsOf } from '@kube-authn/core/internal'
import type { Authorizer } from '@kube-authn/core/authorization'
import type { FastifyPluginCallback, FastifyRequest } from 'fastify'
import { type FailureOptions, nextUnless, refuser } from './failure.ts'
import { pluginFor } from './plugin.ts'
import { IMPERSONATED_SCOPE, users } from './state.ts'

/** Options of {@link impersonation}. */
export interface ImpersonationOptions extends ImpersonationOptionsOf<FastifyRequest>, FailureOptions {}

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
  const impersonate = impersonationOf<FastifyRequest>(users, authorizer, options)
  const refuse = refuser(options)

  return pluginFor('impersonation', (app) => {
    if (!app.hasRequestDecorator(IMPERSONATED_SCOPE)) app.decorateRequest(IMPERSONATED_SCOPE, true)
    app.addHook('onRequest', function impersonationHook(request, reply, next) {
      const { raw } = request
      const failure = impersonate(request, clientContext(raw, reply.raw), (_request, changes) => {
        applyHeaderChanges(raw, changes)
      })
      nextUnless(failure, refuse, request, reply, next)
    })
  })
}
