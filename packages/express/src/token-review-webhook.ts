import type { Authenticator, TokenAuthenticator } from '@kube-authn/core'
import type { HandleTokenReviewsOptions } from '@kube-authn/core/review'
import type { OptionsShape } from '@kube-authn/core/options'
import {
  aRequestAuthenticator,
  checkOptions,
  clientContext,
  handleTokenReviews,
  handleTokenReviewsShape,
  incomingMessageBody,
} from '@kube-authn/core/adapter'
import { authentication } from './authentication.ts'
import { type Middleware, proceedWith, send } from './middleware.ts'
import { stateOf } from './state.ts'

/** Options of {@link tokenReviewWebhook}. */
export interface TokenReviewWebhookOptions extends HandleTokenReviewsOptions {
  /** Who may ask: whoever this knows, and nobody else. Default: whoever comes this far, who can then try tokens out. */
  readonly callers?: Authenticator
}

const shape: OptionsShape<TokenReviewWebhookOptions> = {
  ...handleTokenReviewsShape,
  callers: aRequestAuthenticator,
}

/**
 * Is the webhook that a kube-apiserver asks about tokens, at whatever path it is mounted. It answers every request.
 *
 * @throws {ConfigurationError} when the options cannot work, or `callers` needs the certificates of TLS peers and the runtime does not
 *   tell them.
 * @example
 * const callers = createAuthenticator({ clientCA: 'kube-apiserver-ca.crt' })
 * app.use('/authenticate', tokenReviewWebhook([tokenFileAt('tokens.csv')], { callers }))
 */
export function tokenReviewWebhook(
  tokens: readonly TokenAuthenticator[],
  options: TokenReviewWebhookOptions = {},
): Middleware {
  checkOptions(shape, options)
  const { callers, ...rest } = options
  const { observer } = rest
  const handle = handleTokenReviews(tokens, rest)

  const answerReview: Middleware = function tokenReviewMiddleware(req, res, next) {
    const answered = handle(stateOf(req).request, incomingMessageBody(req), clientContext(req, res))
    proceedWith(answered, (answer) => send(answer, res), next)
  }
  if (callers === undefined) return answerReview

  const authenticate = authentication(callers, observer === undefined ? {} : { observer })
  return function tokenReviewWebhookMiddleware(req, res, next) {
    authenticate(req, res, (error) => (error === undefined ? answerReview(req, res, next) : next(error)))
  }
}
