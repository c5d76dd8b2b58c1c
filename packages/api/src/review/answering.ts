import type { Authorizer } from '@kube-authn/core/authorization'
import type { Clock } from '@kube-authn/core'
import { localSubjectAccessReview, selfSubjectAccessReview, subjectAccessReview } from './access-reviews.ts'
import type { ReviewKind } from './kind.ts'
import type { ReviewToken } from './review-token.ts'
import { selfSubjectReview } from './self-subject-review.ts'
import { selfSubjectRulesReview } from './self-subject-rules-review.ts'
import type { ReviewResource } from './served-review.ts'
import { tokenReview, writtenByServer } from './token-review.ts'

export { fieldValidationOf } from '../objects/field-validation.ts'
export { answerReview } from './answer-review.ts'
export { tokenReview, writtenByWebhook } from './token-review.ts'

/** What the reviews ask. */
export interface Asked {
  readonly authorizer: Authorizer
  readonly clock: Clock
  readonly reviewToken: ReviewToken
}

/** Makes each kind of review that an API server has, by its resource. */
export const makeKind: Readonly<Record<ReviewResource, (asked: Asked) => ReviewKind>> = {
  tokenreviews: ({ reviewToken }) => tokenReview(reviewToken, writtenByServer),
  selfsubjectreviews: ({ clock }) => selfSubjectReview(clock),
  subjectaccessreviews: ({ authorizer }) => subjectAccessReview(authorizer),
  localsubjectaccessreviews: ({ authorizer }) => localSubjectAccessReview(authorizer),
  selfsubjectaccessreviews: ({ authorizer }) => selfSubjectAccessReview(authorizer),
  selfsubjectrulesreviews: ({ authorizer }) => selfSubjectRulesReview(authorizer),
}
