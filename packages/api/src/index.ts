/**
 * The review APIs of Kubernetes, for apps that answer them: TokenReview and access reviews, with their discovery.
 *
 * @module
 */
export type { DiscoveryResource } from './discovery/resource.ts'
export type { HandleReviewsOptions } from './review/handle-reviews-options.ts'
export { handleReviews } from './review/handle-reviews.ts'
export {
  handleTokenReviews,
  type HandleTokenReviewsOptions,
  type TokenReviewHandler,
} from './review/handle-token-reviews.ts'
export type { ReviewContext, ReviewHandler } from './review/review-answers.ts'
