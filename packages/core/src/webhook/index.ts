/**
 * The webhook token authenticator: bearer tokens that a service knows, asked by TokenReview.
 *
 * @module
 */
export type { HttpResponse, HttpResponseBody } from '../http/response.ts'
export type { WebhookCallOptions } from '../webhook-call/options.ts'
export type { WebhookFetch, WebhookFetchInit } from '../webhook-call/webhook-fetch.ts'
export type { TokenReviewVersion } from './token-review.ts'
export {
  webhookAuthenticator,
  type WebhookAuthenticatorOptions,
  webhookAuthenticatorShape,
  webhookCache,
} from './webhook-authenticator.ts'
