export { fetchBody, type ReadBody } from '../internal/api/body.ts'
export {
  handleReviews,
  type HandleReviewsOptions,
  type ReviewContext,
  type ReviewHandler,
} from './handle-reviews.ts'
export {
  handleTokenReviews,
  handleTokenReviewsShape,
  type HandleTokenReviewsOptions,
  type TokenReviewHandler,
} from './handle-token-reviews.ts'
