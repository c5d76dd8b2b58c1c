import type { TokenAuthenticator } from '@kube-authn/core'
import { clientContext, incomingMessageBody } from '@kube-authn/core/adapter'
import { reviewWebhookOf, type ReviewWebhookOptions } from '@kube-authn/core/internal'
import type { FastifyPluginCallback } from 'fastify'
import { authentication } from './authentication.ts'
import { proceedWith, send } from './failure.ts'
import { stateOf } from './state.ts'

/** Options of {@link tokenReviewWebhook}. */
export type TokenReviewWebhookOptions = ReviewWebhookOptions

/**
 * A plugin that serves the token webhook of a kube-apiserver, at its `prefix`. It responds to every request there, in a scope of its own.
 *
 * @throws {ConfigurationError} if an option is invalid, or `callers` needs the certificates of TLS peers and the runtime does not provide them.
 * @example
 * const callers = createAuthenticator({ clientCA: 'kube-apiserver-ca.crt' })
 * await app.register(tokenReviewWebhook([tokenFileAt('tokens.csv')], { callers }), { prefix: '/authenticate' })
 */
export function tokenReviewWebhook(
  tokens: readonly TokenAuthenticator[],
  options: TokenReviewWebhookOptions,
): FastifyPluginCallback {
  const { handle, callers, callerOptions } = reviewWebhookOf(tokens, options)
  const authenticated = callers === undefined ? undefined : authentication(callers, callerOptions)

  return function tokenReviewWebhookPlugin(app, _options, done) {
    if (authenticated !== undefined) void app.register(authenticated)
    // In `onRequest` the body is still to be read, whatever parsers the app has.
    app.all('/', {
      onRequest(received, reply, next) {
        const answered = handle(
          stateOf(received).request,
          incomingMessageBody(received.raw),
          clientContext(received.raw, reply.raw),
        )
        proceedWith(answered, (answer) => send(answer, reply), next)
      },
      handler: () => undefined,
    })
    done()
  }
}
