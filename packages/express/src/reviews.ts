import type { Authorizer } from '@kube-authn/core/authorization'
import type { HandleReviewsOptions } from '@kube-authn/core/review'
import { clientContext, handleReviews, incomingMessageBody } from '@kube-authn/core/adapter'
import { type Middleware, proceedWith, send } from './middleware.ts'
import { stateOf } from './state.ts'

/** Options of {@link reviews}. */
export type ReviewsOptions = HandleReviewsOptions

/**
 * Answers the review APIs of Kubernetes at their own paths, as `/apis/authentication.k8s.io/v1/tokenreviews`, and lets everything else pass.
 * It comes after `authentication`, and after `impersonation` where there is one. Not below a mount point: the whole path counts.
 *
 * @param authorizer decides who may ask, and is what access reviews ask.
 * @throws {ConfigurationError} when the options cannot work.
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
