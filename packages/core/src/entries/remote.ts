/**
 * Authenticators and authorizers that ask another server by webhook, and the cache in front of them.
 *
 * @module
 */
export { webhookAuthorizer } from '../authorization/webhook/webhook-authorizer.ts'
export { cachedUnion } from '../token/cache/cached-union.ts'
export { cached } from '../token/cache/cached.ts'
export { webhookAuthenticator } from '../token/webhook/webhook-authenticator.ts'
