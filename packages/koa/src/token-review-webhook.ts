import type { TokenAuthenticator } from '@kube-authn/core'
import { clientContext, incomingMessageBody } from '@kube-authn/core/adapter'
import { reviewWebhookOf, type ReviewWebhookOptions } from '@kube-authn/core/internal'
import type { Middleware, ParameterizedContext } from 'koa'
import { authentication } from './authentication.ts'
import { answer } from './failure.ts'
import { parsedBody, stateOf } from './state.ts'

/** Options of {@link tokenReviewWebhook}. */
export type TokenReviewWebhookOptions = ReviewWebhookOptions

/**
 * Serves the token webhook of a kube-apiserver, at the path it is mounted at. It responds to every request.
 *
 * @throws {ConfigurationError} if an option is invalid, or `callers` needs the certificates of TLS peers and the runtime does not provide them.
 * @example
 * const callers = createAuthenticator({ clientCA: 'kube-apiserver-ca.crt' })
 * new Koa().use(tokenReviewWebhook([tokenFileAt('tokens.csv')], { callers }))
 */
export function tokenReviewWebhook(
  tokens: readonly TokenAuthenticator[],
  options: TokenReviewWebhookOptions,
): Middleware {
  const { handle, callers, callerOptions } = reviewWebhookOf(tokens, options)

  const answerReview = async function tokenReviewMiddleware(ctx: ParameterizedContext): Promise<void> {
    const body = incomingMessageBody(ctx.req, parsedBody(ctx))
    answer(await handle(stateOf(ctx).request, body, clientContext(ctx.req, ctx.res)), ctx)
  }
  if (callers === undefined) return answerReview

  const authenticate = authentication(callers, callerOptions)
  return async function tokenReviewWebhookMiddleware(ctx) {
    await authenticate(ctx, () => answerReview(ctx))
  }
}
