import { answerOf, answerReview, type BodyLimit, bodyLimitShape, requirePost } from './answer-review.ts'
import {
  type AuthenticationRequest,
  type Authenticator,
  type Context,
  emptyContext,
  type Observer,
  type TokenAuthenticator,
  userInfo,
} from '@kube-authn/core'
import {
  aFunction,
  checkOptions,
  type HttpAnswer,
  oneOf,
  type OptionsShape,
  required,
} from '@kube-authn/core/adapter'
import {
  ANONYMOUS_USERNAME,
  aRequestAuthenticator,
  contextOf,
  defined,
  either,
  optionProblems,
  type ReadBody,
  refuseProblems,
  someAudiences,
} from '@kube-authn/core/internal'
import { someTokenAuthenticators, tokenReview, tokenReviewer, writtenByWebhook } from './token-review.ts'

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
const handleTokenReviewsShape: OptionsShape<HandleTokenReviewsOptions> = {
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

/** Options of an adapter's `tokenReviewWebhook`. */
export interface ReviewWebhookOptions extends HandleTokenReviewsOptions {
  /** Authenticates the callers that may send reviews. `'anyone'`: no check, so that any client that reaches it can try out tokens. */
  readonly callers: Authenticator | 'anyone'
}

/** The checks of {@link ReviewWebhookOptions}. */
const shape: OptionsShape<ReviewWebhookOptions> = {
  ...handleTokenReviewsShape,
  callers: required(either((value) => typeof value === 'string', oneOf('anyone'), aRequestAuthenticator)),
}

/**
 * What an adapter's `tokenReviewWebhook` consists of.
 *
 * @returns `callerOptions`: options for the authentication of the callers.
 * @throws {ConfigurationError} if an option is invalid.
 */
export function reviewWebhookOf(
  tokens: readonly TokenAuthenticator[],
  options: ReviewWebhookOptions,
): {
  readonly handle: TokenReviewHandler
  readonly callers: Authenticator | undefined
  readonly callerOptions: { readonly observer?: Observer }
} {
  checkOptions(shape, options)
  const { callers, ...rest } = options
  const { observer } = rest
  return {
    handle: handleTokenReviews(tokens, rest),
    callers: callers === 'anyone' ? undefined : callers,
    callerOptions: defined({ observer }),
  }
}
