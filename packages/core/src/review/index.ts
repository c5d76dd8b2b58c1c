export { fetchBody, type ReadBody } from '../internal/api/body.ts'
export { handleReviews } from './handle-reviews.ts'
export type { HandleReviewsOptions } from './handle-reviews-options.ts'
export {
  type ReviewAnswers,
  reviewAnswers,
  type ReviewContext,
  type ReviewHandler,
} from './review-answers.ts'
export {
  handleTokenReviews,
  handleTokenReviewsShape,
  type HandleTokenReviewsOptions,
  type TokenReviewHandler,
} from './handle-token-reviews.ts'
