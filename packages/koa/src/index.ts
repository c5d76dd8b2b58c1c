/**
 * Kubernetes API-server authentication for Koa 2 and 3.
 *
 * @module
 */
export { getAuthentication, getUser } from './accessors.ts'
export { authentication, type AuthenticationOptions } from './authentication.ts'
export { authorization, type AuthorizationOptions } from './authorization.ts'
export type { FailureOptions } from './failure.ts'
export { impersonation, type ImpersonationOptions } from './impersonation.ts'
export { reviews, type ReviewsOptions } from './reviews.ts'
export type { AuthenticationState, ContextWithRequest } from './state.ts'
export { tokenReviewWebhook, type TokenReviewWebhookOptions } from './token-review-webhook.ts'
