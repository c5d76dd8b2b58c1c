import { badRequest } from '../api/errors.ts'
import { andThen } from '../awaitable.ts'
import type { ReviewKind } from './kind.ts'
import type { ReviewToken } from './review-token.ts'

/**
 * Whose is this token?
 *
 * Source: api `authentication/v1` TokenReview; kubernetes `pkg/registry/authentication/tokenreview/storage.go`.
 *
 * Deviation: the answer does not repeat the token (`docs/deviations.md`, TokenReview).
 */
export function tokenReview(reviewToken: ReviewToken): ReviewKind {
  return {
    group: 'authentication.k8s.io',
    versions: ['v1', 'v1beta1'],
    kind: 'TokenReview',
    resource: 'tokenreviews',
    read(object) {
      const spec = object.object('spec')
      const token = spec?.string('token') ?? ''
      const audiences = spec?.strings('audiences') ?? []
      spec?.end()
      return ({ context }) => {
        if (token === '') throw badRequest('token is required for TokenReview in authentication')
        return andThen(reviewToken(token, audiences, context), (status) => ({
          spec: audiences.length > 0 ? { audiences } : {},
          status,
        }))
      }
    },
  }
}
