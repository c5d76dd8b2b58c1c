/**
 * The webhook token authenticator: authenticates bearer tokens by sending a TokenReview to a service.
 *
 * @module
 */
export type { HttpResponse, HttpResponseBody } from '../../internal/http/response.ts'
export type { WebhookCallOptions } from '../../internal/webhook-call/options.ts'
export type { WebhookFetch, WebhookFetchInit } from '../../internal/webhook-call/webhook-fetch.ts'
export type { TokenReviewVersion } from './token-review.ts'
export {
  webhookAuthenticator,
  type WebhookAuthenticatorOptions,
  webhookAuthenticatorShape,
  webhookCache,
} from './webhook-authenticator.ts'
