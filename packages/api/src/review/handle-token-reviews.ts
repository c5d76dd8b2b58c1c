import { answerReview, tokenReview, writtenByWebhook } from './answering.ts'
import {
  type AuthenticationRequest,
  type Context,
  emptyContext,
  type Observer,
  type TokenAuthenticator,
  userInfo,
} from '@kube-authn/core'
import { aFunction, type HttpAnswer, type OptionsShape } from '@kube-authn/core/adapter'
import {
  ANONYMOUS_USERNAME,
  contextOf,
  optionProblems,
  type ReadBody,
  refuseProblems,
  someAudiences,
} from '@kube-authn/core/internal'
import { answerOf, requirePost } from './answer-of.ts'
import { type BodyLimit, bodyLimitShape } from './body-limit.ts'
import { someTokenAuthenticators, tokenReviewer } from './review-token.ts'

/** Options of {@link handleTokenReviews}. The same in every adapter. */
export interface HandleTokenReviewsOptions extends BodyLimit {
  /**
   * The audiences that tokens of authenticators without audience support are valid for. Must not be empty. Default: the answer names no
   * audiences, and kube-apiserver considers the token valid for itself.
   */
  readonly audiences?: readonly string[]
  /** Receives the decision of every authenticator. */
  readonly observer?: Observer
}

/** The checks of {@link HandleTokenReviewsOptions}, for adapters with more options. */
export const handleTokenReviewsShape: OptionsShape<HandleTokenReviewsOptions> = {
  ...bodyLimitShape,
  audiences: someAudiences,
  observer: aFunction,
}

/** Answers a TokenReview. It never throws and never rejects: refusals are returned as answers. */
export type TokenReviewHandler = (
  request: AuthenticationRequest,
  body: ReadBody,
  context?: Pick<Context, 'signal'>,
) => Promise<HttpAnswer>

/**
 * The webhook that kube-apiserver calls to authenticate tokens (`--authentication-token-webhook-config-file`). It can be mounted at any path.
 *
 * It accepts a TokenReview of version v1 or v1beta1 and answers 200 in the same version: with the user; with `authenticated: false` if no
 * authenticator recognizes the token; or with an `error` if the token is invalid, which kube-apiserver does not cache. If the token could
 * not be checked, the answer is a 503, so that the client does not take an outage for an invalid token. No answer, event or error contains
 * the token.
 *
 * The caller is not authenticated here. A client with access can try out tokens, so authenticate callers first.
 *
 * Source: Kubernetes documentation, "Webhook Token Authentication"; apiserver `plugin/pkg/authenticator/token/webhook/webhook.go`.
 *
 * @throws {ConfigurationError} when an option is invalid.
 * @example
 * const handle = handleTokenReviews([tokenFile(csv)])
 * const answer = await handle(fetchRequest(request), fetchBody(request))
 * return responseOf(answer)
 */
export function handleTokenReviews(
  tokens: readonly TokenAuthenticator[],
  options: HandleTokenReviewsOptions = {},
): TokenReviewHandler {
  refuseProblems(someTokenAuthenticators(tokens, 'tokens'), optionProblems(handleTokenReviewsShape, options))
  const { audiences, observer } = options
  const reviewToken = tokenReviewer(tokens, audiences, 503)

  return function handleTokenReview(request, body, given = emptyContext) {
    if (request.refusal !== undefined) return Promise.resolve(request.refusal)
    return answerOf(async () => {
      requirePost(request)
      // The answer does not depend on the caller.
      const caller = userInfo({ username: ANONYMOUS_USERNAME })
      const asked = { caller, namespace: '', context: contextOf(observer, given) }
      return answerReview(tokenReview(reviewToken, writtenByWebhook), request, body, asked, {
        ...options,
        status: 200,
        versions: ['v1', 'v1beta1'],
        validation: 'Ignore',
      })
    })
  }
}
