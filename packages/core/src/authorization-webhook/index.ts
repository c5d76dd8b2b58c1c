export type { WebhookFetch, WebhookFetchInit, WebhookResponse, WebhookResponseBody } from './post.ts'
export type { ReviewVersion } from './review.ts'
export { webhookAuthorizer, type WebhookAuthorizerOptions } from './webhook-authorizer.ts'
