import type { TokenAuthenticator } from '@kube-authn/core'
import { fetchBody, responseOf } from '@kube-authn/core/adapter'
import { reviewWebhookOf, type ReviewWebhookOptions } from '@kube-authn/core/internal'
import type { Context, MiddlewareHandler } from 'hono'
import { authenticationMiddlewareOf } from './authentication.ts'
import { clientOf } from './client.ts'
import { stateOf } from './state.ts'

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
