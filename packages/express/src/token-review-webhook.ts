import type { Authenticator, TokenAuthenticator } from '@kube-authn/core'
import {
  type HandleTokenReviewsOptions,
  aRequestAuthenticator,
  handleTokenReviewsShape,
} from '@kube-authn/core/internal/shared'
import {
  type OptionsShape,
  checkOptions,
  clientContext,
  handleTokenReviews,
  incomingMessageBody,
} from '@kube-authn/core/adapter'
import { authentication } from './authentication.ts'
import { type Middleware, proceedWith, send } from './middleware.ts'
import { stateOf } from './state.ts'

/** Options of {@link tokenReviewWebhook}. */
export interface TokenReviewWebhookOptions extends HandleTokenReviewsOptions {
  /** Authenticates the callers that may send reviews. Default: no check, so any client that reaches it can test tokens. */
  readonly callers?: Authenticator
}

const shape: OptionsShape<TokenReviewWebhookOptions> = {
  ...handleTokenReviewsShape,
  callers: aRequestAuthenticator,
}

/**
 * Serves the token webhook of a kube-apiserver, at the path it is mounted at. It responds to every request.
 *
 * @throws {ConfigurationError} if an option is invalid, or `callers` needs the certificates of TLS peers and the runtime does not provide them.
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
