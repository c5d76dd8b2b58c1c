/**
 * Authenticators and authorizers that ask another server: webhooks and Keystone; and the cache in front of them.
 *
 * @module
 */
export { webhookAuthorizer } from '../authorization/webhook/webhook-authorizer.ts'
export { xAuthToken } from '../request/x-auth-token/x-auth-token.ts'
export { cachedUnion } from '../token/cache/cached-union.ts'
export { cached } from '../token/cache/cached.ts'
export { keystonePassword } from '../token/keystone/keystone-password.ts'
export { keystoneToken } from '../token/keystone/keystone-token.ts'
export { keystoneServiceToken } from '../token/keystone/service-token.ts'
export { keystoneTokenReview } from '../token/keystone/token-review.ts'
export { webhookAuthenticator } from '../token/webhook/webhook-authenticator.ts'
