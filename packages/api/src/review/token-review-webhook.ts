import type { Authenticator, Observer, TokenAuthenticator } from '@kube-authn/core'
import { aRequestAuthenticator, either } from '@kube-authn/core/internal'
import { checkOptions, oneOf, type OptionsShape, required } from '@kube-authn/core/adapter'
import {
  handleTokenReviews,
  type HandleTokenReviewsOptions,
  handleTokenReviewsShape,
  type TokenReviewHandler,
} from './handle-token-reviews.ts'

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

/** The parts of an adapter's `tokenReviewWebhook`. */
export interface ReviewWebhook {
  readonly handle: TokenReviewHandler
  readonly callers: Authenticator | undefined
  /** Options for the authentication of the callers. */
  readonly callerOptions: { readonly observer?: Observer }
}

/**
 * What an adapter's `tokenReviewWebhook` consists of.
 *
 * @throws {ConfigurationError} if an option is invalid.
 */
export function reviewWebhookOf(
  tokens: readonly TokenAuthenticator[],
  options: ReviewWebhookOptions,
): ReviewWebhook {
  checkOptions(shape, options)
  const { callers, ...rest } = options
  const { observer } = rest
  return {
    handle: handleTokenReviews(tokens, rest),
    callers: callers === 'anyone' ? undefined : callers,
    callerOptions: observer === undefined ? {} : { observer },
  }
}
