import type { Authorizer } from '@kube-authn/core/authorization'
import { fetchBody, handleReviews, responseOf } from '@kube-authn/core/adapter'
import type { HandleReviewsOptions } from '@kube-authn/core/internal'
import type { MiddlewareHandler } from 'hono'
import { clientOf } from './client.ts'
import { type AuthenticationEnv, authenticationOf, stateOf } from './state.ts'

/** Options of {@link reviews}. */
export type ReviewsOptions = HandleReviewsOptions

/**
 * Serves the review APIs of Kubernetes at their own paths, such as `/apis/authentication.k8s.io/v1/tokenreviews`, and passes on all other requests.
 * Use it after `authentication` and, if used, `impersonation`.
 *
 * @typeParam E the environment of an app with its own bindings or variables.
 * @param authorizer decides who may create reviews, and answers access reviews.
 * @throws {ConfigurationError} if an option is invalid.
 * @example
 * new Hono().use(authentication(authenticator)).use(reviews(policy, { tokens: [tokenFile(csv)] }))
 */
export function reviews<E extends AuthenticationEnv = AuthenticationEnv>(
  authorizer: Authorizer,
  options: ReviewsOptions = {},
): MiddlewareHandler<E> {
  const handle = handleReviews(authorizer, options)

  const middleware: MiddlewareHandler = async function reviewsMiddleware(c, next) {
    const { request, held } = stateOf(c)
    const user = authenticationOf(c)?.user
    const answer = await handle(request, fetchBody(c.req.raw), clientOf(c, { user }))
    return answer === undefined ? next() : responseOf(held?.failure ?? answer)
  }
  return middleware
}
