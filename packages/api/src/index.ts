/**
 * The review APIs of Kubernetes, for apps that answer them: TokenReview and access reviews, with their discovery.
 *
 * @module
 */
export type { DiscoveryResource } from './discovery/resource.ts'
export { handleReviews } from './review/handle-reviews.ts'
export {
  handleTokenReviews,
  type HandleTokenReviewsOptions,
  type TokenReviewHandler,
} from './review/handle-token-reviews.ts'
export type { HandleReviewsOptions, ReviewContext, ReviewHandler } from './review/review-answers.ts'
