import type { TokenAuthenticator } from '@kube-authn/core'
import { clientContext, incomingMessageBody } from '@kube-authn/core/adapter'
import { reviewWebhookOf, type ReviewWebhookOptions } from '@kube-authn/core/internal'
import { authentication } from './authentication.ts'
import { type Middleware, proceedWith, send } from './middleware.ts'
import { stateOf } from './state.ts'

/** Options of {@link tokenReviewWebhook}. */
export type TokenReviewWebhookOptions = ReviewWebhookOptions

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
  options: TokenReviewWebhookOptions,
): Middleware {
  const { handle, callers, callerOptions } = reviewWebhookOf(tokens, options)

  const answerReview: Middleware = function tokenReviewMiddleware(req, res, next) {
    const answered = handle(stateOf(req).request, incomingMessageBody(req), clientContext(req, res))
    proceedWith(answered, (answer) => send(answer, res), next)
  }
  if (callers === undefined) return answerReview

  const authenticate = authentication(callers, callerOptions)
  return function tokenReviewWebhookMiddleware(req, res, next) {
    authenticate(req, res, (error) => (error === undefined ? answerReview(req, res, next) : next(error)))
  }
}
