import type { ReadBody } from '../internal/api/body.ts'
import type { TokenAuthenticator } from '../authenticator/authenticator.ts'
import { contextOf } from '../authorization/authorize-request.ts'
import { type Context, emptyContext } from '../authenticator/context.ts'
import type { Observer } from '../authenticator/events.ts'
import {
  aFunction,
  optionProblems,
  type OptionsShape,
  refuseProblems,
  someAudiences,
} from '../internal/options/index.ts'
import type { AuthenticationRequest } from '../request/request.ts'
import type { HttpAnswer } from '../authenticator/status.ts'
import { ANONYMOUS_USERNAME, userInfo } from '../authenticator/user.ts'
import { answerOf, answerReview, type BodyLimit, bodyLimitShape, requirePost } from './answer-review.ts'
import { someTokenAuthenticators, tokenReviewer } from './review-token.ts'
import { tokenReview, writtenByWebhook } from './token-review.ts'

/** Options of {@link handleTokenReviews}. The same in every adapter. */
export interface HandleTokenReviewsOptions extends BodyLimit {
  /**
   * What tokens are valid for that know nothing of audiences. Must not be empty. Default: the server is not aware of audiences, and
   * kube-apiserver takes such a token to be valid for itself.
   */
  readonly audiences?: readonly string[]
  /** Told what every authenticator thought. */
  readonly observer?: Observer
}

/** The checks of {@link HandleTokenReviewsOptions}, for adapters whose options have more. */
export const handleTokenReviewsShape: OptionsShape<HandleTokenReviewsOptions> = {
  ...bodyLimitShape,
  audiences: someAudiences,
  observer: aFunction,
}

/** Answers a TokenReview. It never throws and never rejects: what is refused is an answer too. */
export type TokenReviewHandler = (
  request: AuthenticationRequest,
  body: ReadBody,
  context?: Pick<Context, 'signal'>,
) => Promise<HttpAnswer>

/**
 * The webhook that a kube-apiserver asks about tokens (`--authentication-token-webhook-config-file`), at whatever path it is mounted.
 *
 * It takes a TokenReview of version v1 or v1beta1, and answers 200 in the same version: the user; `authenticated: false` where nobody knows
 * the token; and with an `error` where it is bad, which kube-apiserver does not remember. Where it could not be checked the answer is a 503,
 * so that an outage is no bad token at the other end either. The token is in no answer, no event and no error.
 *
 * Who asks is not looked at. Whoever can ask can try tokens out: authenticate callers before it.
 *
 * Source: Kubernetes documentation, "Webhook Token Authentication"; apiserver `plugin/pkg/authenticator/token/webhook/webhook.go`.
 *
 * @throws {ConfigurationError} when the options cannot work.
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
  const kind = tokenReview(tokenReviewer(tokens, audiences, 503), writtenByWebhook)

  return function handleTokenReview(request, body, given = emptyContext) {
    if (request.refusal !== undefined) return Promise.resolve(request.refusal)
    return answerOf(async () => {
      requirePost(request)
      const asked = { caller: NOBODY, namespace: '', context: contextOf(observer, given) }
      return answerReview(kind, request, body, asked, {
        ...options,
        status: 200,
        versions: ['v1', 'v1beta1'],
        validation: 'Ignore',
      })
    })
  }
}

/** A TokenReview is not about who asks. */
const NOBODY = userInfo({ username: ANONYMOUS_USERNAME })
