/**
 * Kubernetes API-server authentication for Hono 4, on Node and on edge runtimes.
 *
 * @module
 */
export { getAuthentication, getUser } from './accessors.ts'
export { authentication, type AuthenticationOptions } from './authentication.ts'
export { authorization, type AuthorizationOptions } from './authorization.ts'
export type { FailureOptions } from './failure.ts'
export { impersonation, type ImpersonationOptions } from './impersonation.ts'
export { reviews, type ReviewsOptions } from './reviews.ts'
export type { AuthenticationEnv } from './state.ts'
export { tokenReviewWebhook, type TokenReviewWebhookOptions } from './token-review-webhook.ts'
