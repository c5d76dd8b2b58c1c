/**
 * The review APIs of Kubernetes and the token webhook of a kube-apiserver. They need `@kube-authn/api`.
 *
 * @module
 */
import type { Authorizer } from '@kube-authn/core/authorization'
import { clientContext, incomingMessageBody } from '@kube-authn/core/adapter'
import { handleReviews, type HandleReviewsOptions } from '@kube-authn/api'
import { type Middleware, proceedWith, send } from './middleware.ts'
import { stateOf } from './state.ts'
import type { TokenAuthenticator } from '@kube-authn/core'
import { reviewWebhookOf, type ReviewWebhookOptions } from '@kube-authn/api/internal'
import { authentication } from './authentication.ts'

/** Options of {@link reviews}. */
export type ReviewsOptions = HandleReviewsOptions

/**
 * Serves the review APIs of Kubernetes at their own paths, such as `/apis/authentication.k8s.io/v1/tokenreviews`, and passes on all other requests.
 * Use it after `authentication` and, if used, `impersonation`. Not below a mount point: the whole path must match.
 *
 * @param authorizer decides who may create reviews, and answers access reviews.
 * @throws {ConfigurationError} if an option is invalid.
 * @example
 * app.use(authentication(authenticator))
 * app.use(reviews(policy, { tokens: [tokenFileAt('tokens.csv')] }))
 */
export function reviews(authorizer: Authorizer, options: ReviewsOptions = {}): Middleware {
  const handle = handleReviews(authorizer, options)

  return function reviewsMiddleware(req, res, next) {
    const { request, authentication: caller, held } = stateOf(req)
    const answer = handle(request, incomingMessageBody(req), clientContext(req, res, { user: caller?.user }))
    if (answer === undefined) next()
    else if (held !== undefined) send(held.failure, res)
    else proceedWith(answer, (given) => send(given, res), next)
  }
}

/** Options of {@link tokenReviewWebhook}. */
export type TokenReviewWebhookOptions = ReviewWebhookOptions

/**
 * Serves the token webhook of a kube-apiserver, at the path it is mounted at. It responds to every request.
 *
 * @throws {ConfigurationError} if an option is invalid, or `callers` needs the certificates of TLS peers and the runtime does not provide them.
 * @example
 * const callers = createAuthenticator({ clientCAFile: 'kube-apiserver-ca.crt' })
 * app.use('/authenticate', tokenReviewWebhook([tokenFileAt('tokens.csv')], { callers }))
 */
export function tokenReviewWebhook(
  tokens: readonly TokenAuthenticator[],
  options: TokenReviewWebhookOptions,
): Middleware {
  const { handle, callers, callerOptions } = reviewWebhookOf(tokens, options)

  const answerReview: Middleware = function tokenReviewMiddleware(req, res, next) {
    const answered = handle(stateOf(req).request, incomingMessageBody(req), clientContext(req, res))
    proceedWith(answered, (answer) => send(answer, res), next)
  }
  if (callers === undefined) return answerReview

  const authenticate = authentication(callers, callerOptions)
  return function tokenReviewWebhookMiddleware(req, res, next) {
    authenticate(req, res, (error) => (error === undefined ? answerReview(req, res, next) : next(error)))
  }
}
