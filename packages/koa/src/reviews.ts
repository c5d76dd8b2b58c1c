import type { Authorizer } from '@kube-authn/core/authorization'
import type { HandleReviewsOptions } from '@kube-authn/core/review'
import type { Middleware } from 'koa'
import { clientContext, handleReviews, incomingMessageBody } from '@kube-authn/core/adapter'
import { answer } from './failure.ts'
import { parsedBody, stateOf } from './state.ts'

/** Options of {@link reviews}. */
export type ReviewsOptions = HandleReviewsOptions

/**
 * Answers the review APIs of Kubernetes at their own paths, as `/apis/authentication.k8s.io/v1/tokenreviews`, and lets everything else pass.
 * It comes after `authentication`, and after `impersonation` where there is one. Not below a mount point: the whole path counts.
 *
 * @param authorizer decides who may ask, and is what access reviews ask.
 * @throws {ConfigurationError} when the options cannot work.
 * @example
 * app.use(authentication(authenticator)).use(reviews(policy, { tokens: [tokenFileAt('tokens.csv')] }))
 */
export function reviews(authorizer: Authorizer, options: ReviewsOptions = {}): Middleware {
  const handle = handleReviews(authorizer, options)

  return async function reviewsMiddleware(ctx, next) {
    const { request, authentication, held } = stateOf(ctx)
    const body = incomingMessageBody(ctx.req, parsedBody(ctx))
    const context = clientContext(ctx.req, ctx.res, { user: authentication?.user })
    const given = await handle(request, body, context)
    if (given === undefined) await next()
    else answer(held?.failure ?? given, ctx)
  }
}
