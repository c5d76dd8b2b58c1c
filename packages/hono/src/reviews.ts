/**
 * The review APIs of Kubernetes and the token webhook of a kube-apiserver. They need `@kube-authn/api`.
 *
 * @module
 */
import type { Authorizer } from '@kube-authn/core/authorization'
import { fetchBody, responseOf } from '@kube-authn/core/adapter'
import { handleReviews, type HandleReviewsOptions } from '@kube-authn/api'
import type { Context, MiddlewareHandler } from 'hono'
import { clientOf } from './client.ts'
import { type AuthenticationEnv, authenticationOf, stateOf } from './state.ts'
import type { TokenAuthenticator } from '@kube-authn/core'
import { reviewWebhookOf, type ReviewWebhookOptions } from '@kube-authn/api/internal'
import { authenticationMiddlewareOf } from './authentication.ts'

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

/** Options of {@link tokenReviewWebhook}. */
export type TokenReviewWebhookOptions = ReviewWebhookOptions

/**
 * Serves the token webhook of a kube-apiserver, at the path it is mounted at. It responds to every request.
 *
 * @throws {ConfigurationError} if an option is invalid, or `callers` needs the certificates of TLS peers and the runtime does not provide them.
 * @example
 * new Hono().use('/authenticate', tokenReviewWebhook([tokenFile(csv)], { callers }))
 */
export function tokenReviewWebhook(
  tokens: readonly TokenAuthenticator[],
  options: TokenReviewWebhookOptions,
): MiddlewareHandler {
  const { handle, callers, callerOptions } = reviewWebhookOf(tokens, options)

  const answerReview = async function tokenReviewMiddleware(c: Context): Promise<Response> {
    return responseOf(await handle(stateOf(c).request, fetchBody(c.req.raw), clientOf(c)))
  }
  if (callers === undefined) return answerReview

  const authenticate = authenticationMiddlewareOf(callers, callerOptions, true)
  return async function tokenReviewWebhookMiddleware(c) {
    return authenticate(c, async () => {
      c.res = await answerReview(c)
    })
  }
}
