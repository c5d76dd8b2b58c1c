import type { Authenticator, TokenAuthenticator } from '@kube-authn/core'
import {
  type HandleTokenReviewsOptions,
  aRequestAuthenticator,
  handleTokenReviewsShape,
} from '@kube-authn/core/internal/shared'
import type { Context, MiddlewareHandler } from 'hono'
import {
  type OptionsShape,
  checkOptions,
  fetchBody,
  handleTokenReviews,
  responseOf,
} from '@kube-authn/core/adapter'
import { authenticationMiddlewareOf } from './authentication.ts'
import { clientOf } from './client.ts'
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
 * new Hono().use('/authenticate', tokenReviewWebhook([tokenFile(csv)], { callers }))
 */
export function tokenReviewWebhook(
  tokens: readonly TokenAuthenticator[],
  options: TokenReviewWebhookOptions = {},
): MiddlewareHandler {
  checkOptions(shape, options)
  const { callers, ...rest } = options
  const { observer } = rest
  const handle = handleTokenReviews(tokens, rest)

  const answerReview = async function tokenReviewMiddleware(c: Context): Promise<Response> {
    return responseOf(await handle(stateOf(c).request, fetchBody(c.req.raw), clientOf(c)))
  }
  if (callers === undefined) return answerReview

  const authenticate = authenticationMiddlewareOf(callers, observer === undefined ? {} : { observer }, true)
  return async function tokenReviewWebhookMiddleware(c) {
    return authenticate(c, async () => {
      c.res = await answerReview(c)
    })
  }
}
