import type { Authorizer } from '@kube-authn/core/authorization'
import { clientContext, handleReviews, incomingMessageBody } from '@kube-authn/core/adapter'
import type { HandleReviewsOptions } from '@kube-authn/core/internal'
import { type Middleware, proceedWith, send } from './middleware.ts'
import { stateOf } from './state.ts'

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
    const { request, authentication, held } = stateOf(req)
    const answer = handle(
      request,
      incomingMessageBody(req),
      clientContext(req, res, { user: authentication?.user }),
    )
    if (answer === undefined) next()
    else if (held !== undefined) send(held.failure, res)
    else proceedWith(answer, (given) => send(given, res), next)
  }
}
