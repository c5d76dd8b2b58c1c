import type { Authorizer } from '@kube-authn/core/authorization'
import { clientContext, handleReviews, incomingMessageBody } from '@kube-authn/core/adapter'
import type { HandleReviewsOptions } from '@kube-authn/core/internal'
import type { FastifyPluginCallback } from 'fastify'
import { proceedWith, send } from './failure.ts'
import { pluginFor } from './plugin.ts'
import { stateOf } from './state.ts'

/** Options of {@link reviews}. */
export type ReviewsOptions = HandleReviewsOptions

/**
 * A plugin that serves the review APIs of Kubernetes at their own paths, such as `/apis/authentication.k8s.io/v1/tokenreviews`, and passes on all
 * other requests. Register it in the outermost scope, after `authentication` and, if used, `impersonation`.
 *
 * @param authorizer decides who may create reviews, and answers access reviews.
 * @throws {ConfigurationError} if an option is invalid.
 * @example
 * await app.register(authentication(authenticator))
 * await app.register(reviews(policy, { tokens: [tokenFileAt('tokens.csv')] }))
 */
export function reviews(authorizer: Authorizer, options: ReviewsOptions = {}): FastifyPluginCallback {
  const handle = handleReviews(authorizer, options)

  return pluginFor('reviews', (app) => {
    app.addHook('onRequest', function reviewsHook(received, reply, next) {
      const { request, authentication, held } = stateOf(received)
      const answer = handle(
        request,
        incomingMessageBody(received.raw),
        clientContext(received.raw, reply.raw, { user: authentication?.user }),
      )
      if (answer === undefined) next()
      else if (held !== undefined) send(held.failure, reply)
      else proceedWith(answer, (given) => send(given, reply), next)
    })
  })
}
