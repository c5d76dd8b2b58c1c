/** Authenticators and authorizers that ask another server by webhook, and the cache in front of them. @module */
export {
  webhookAuthorizer,
  type WebhookAuthorizerOptions,
} from '../authorization/webhook/webhook-authorizer.ts'
export { cachedUnion } from '../token/cache/cached-union.ts'
export { cached } from '../token/cache/cached.ts'
export { webhookAuthenticator } from '../token/webhook/webhook-authenticator.ts'
/** @internal */
export { tokenCacheKey } from '../token/cache/cache-key.ts'
export type { CachedOptions } from '../token/cache/remembered-tokens.ts'
/** @internal */
export type { CachedMember } from '../token/cache/cached-union.ts'
/** @internal */
export { cachedShape } from '../token/cache/cached.ts'
export type { WebhookAuthenticatorOptions } from '../token/webhook/webhook-authenticator.ts'
/** @internal */
export { webhookAuthenticatorShape, webhookCache } from '../token/webhook/webhook-authenticator.ts'
/** @internal */
export { type WebhookCallOptions, webhookCallShape } from '../internal/webhook-call/options.ts'
/** @internal */
export { webhookCall } from '../internal/webhook-call/webhook-call.ts'
