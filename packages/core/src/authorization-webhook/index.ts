export type { WebhookCallOptions } from '../webhook-call/options.ts'
export type {
  WebhookFetch,
  WebhookFetchInit,
  WebhookResponse,
  WebhookResponseBody,
} from '../webhook-call/webhook-fetch.ts'
export type { ReviewVersion } from './review.ts'
export { webhookAuthorizer, type WebhookAuthorizerOptions } from './webhook-authorizer.ts'
