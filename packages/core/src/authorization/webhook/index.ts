export type { HttpResponse, HttpResponseBody } from '../../internal/http/response.ts'
export type { WebhookCallOptions } from '../../internal/webhook-call/options.ts'
export type { WebhookFetch, WebhookFetchInit } from '../../internal/webhook-call/webhook-fetch.ts'
export type { ReviewVersion } from './review.ts'
export {
  webhookAuthorizer,
  type WebhookAuthorizerOptions,
  webhookAuthorizerShape,
} from './webhook-authorizer.ts'
