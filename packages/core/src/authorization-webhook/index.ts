export type { HttpResponse, HttpResponseBody } from '../http/response.ts'
export type { WebhookCallOptions } from '../webhook-call/options.ts'
export type { WebhookFetch, WebhookFetchInit } from '../webhook-call/webhook-fetch.ts'
export type { ReviewVersion } from './review.ts'
export {
  webhookAuthorizer,
  type WebhookAuthorizerOptions,
  webhookAuthorizerShape,
} from './webhook-authorizer.ts'
