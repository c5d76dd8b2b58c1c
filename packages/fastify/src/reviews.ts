/**
 * The review APIs of Kubernetes and the token webhook of a kube-apiserver. They need `@kube-authn/api`.
 *
 * @module
 */
import type { Authorizer } from '@kube-authn/core/authorization'
import { clientContext, incomingMessageBody } from '@kube-authn/core/adapter'
import { handleReviews, type HandleReviewsOptions } from '@kube-authn/api'
import type { FastifyPluginCallback } from 'fastify'
import { proceedWith, send } from './failure.ts'
import { pluginFor } from './plugin.ts'
import { stateOf } from './state.ts'
import type { TokenAuthenticator } from '@kube-authn/core'
import { reviewWebhookOf, type ReviewWebhookOptions } from '@kube-authn/api/internal'
import { authentication } from './authentication.ts'

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
      const { request, authentication: caller, held } = stateOf(received)
      const answer = handle(
        request,
        incomingMessageBody(received.raw),
        clientContext(received.raw, reply.raw, { user: caller?.user }),
      )
      if (answer === undefined) next()
      else if (held !== undefined) send(held.failure, reply)
      else proceedWith(answer, (given) => send(given, reply), next)
    })
  })
}

/** Options of {@link tokenReviewWebhook}. */
export type TokenReviewWebhookOptions = ReviewWebhookOptions

/**
 * A plugin that serves the token webhook of a kube-apiserver, at its `prefix`. It responds to every request there, in a scope of its own.
 *
 * @throws {ConfigurationError} if an option is invalid, or `callers` needs the certificates of TLS peers and the runtime does not provide them.
 * @example
 * const callers = createAuthenticator({ clientCAFile: 'kube-apiserver-ca.crt' })
 * await app.register(tokenReviewWebhook([tokenFileAt('tokens.csv')], { callers }), { prefix: '/authenticate' })
 */
export function tokenReviewWebhook(
  tokens: readonly TokenAuthenticator[],
  options: TokenReviewWebhookOptions,
): FastifyPluginCallback {
  const { handle, callers, callerOptions } = reviewWebhookOf(tokens, options)
  const authenticated = callers === undefined ? undefined : authentication(callers, callerOptions)

  return function tokenReviewWebhookPlugin(app, _options, done) {
    if (authenticated !== undefined) void app.register(authenticated)
    // In `onRequest` the body is still to be read, whatever parsers the app has.
    app.all('/', {
      onRequest(received, reply, next) {
        const answered = handle(
          stateOf(received).request,
          incomingMessageBody(received.raw),
          clientContext(received.raw, reply.raw),
        )
        proceedWith(answered, (answer) => send(answer, reply), next)
      },
      handler: () => undefined,
    })
    done()
  }
}
