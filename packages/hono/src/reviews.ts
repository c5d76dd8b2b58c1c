import type { Authorizer } from '@kube-authn/core/authorization'
import type { HandleReviewsOptions } from '@kube-authn/core/review'
import type { MiddlewareHandler } from 'hono'
import { fetchBody, handleReviews, responseOf } from '@kube-authn/core/adapter'
import { clientOf } from './client.ts'
import { type AuthenticationEnv, authenticationOf, stateOf } from './state.ts'

/** Options of {@link reviews}. */
export type ReviewsOptions = HandleReviewsOptions

/**
 * Answers the review APIs of Kubernetes at their own paths, as `/apis/authentication.k8s.io/v1/tokenreviews`, and lets everything else pass.
 * It comes after `authentication`, and after `impersonation` where there is one.
 *
 * @typeParam E the environment of an app that has bindings or variables of its own.
 * @param authorizer decides who may ask, and is what access reviews ask.
 * @throws {ConfigurationError} when the options cannot work.
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
