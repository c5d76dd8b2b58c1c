import { andThen, badRequest } from '@kube-authn/core/internal'
import type { ReviewKind } from './kind.ts'
import type { ReviewToken, TokenReviewStatus } from './review-token.ts'
import { readTokenStatus } from './status.ts'

/**
 * Which user does this token authenticate?
 *
 * Source: api `authentication/v1` TokenReview; kubernetes `pkg/registry/authentication/tokenreview/storage.go`.
 *
 * Deviation: the answer does not repeat the token (`docs/deviations.md`, TokenReview).
 *
 * @param statusJson writes the status: as a server does, or as a webhook does.
 */
export function tokenReview(reviewToken: ReviewToken, statusJson: StatusJson): ReviewKind {
  return {
    group: 'authentication.k8s.io',
    versions: ['v1', 'v1beta1'],
    kind: 'TokenReview',
    resource: 'tokenreviews',
    readStatus: readTokenStatus,
    read(object) {
      const spec = object.object('spec')
      const token = spec?.string('token') ?? ''
      const audiences = spec?.strings('audiences') ?? []
      spec?.end()
      return ({ context }) => {
        if (token === '') throw badRequest('token is required for TokenReview in authentication')
        return andThen(reviewToken(token, audiences, context), (status) => ({
          spec: audiences.length > 0 ? { audiences } : {},
          status: statusJson(status),
        }))
      }
    },
  }
}

type StatusJson = (status: TokenReviewStatus) => object

/** As kube-apiserver writes it, except that `authenticated` is always present: `user` always is, and so is `error` for an unknown token. */
export const writtenByServer: StatusJson = ({ authenticated, user = {}, error, ...rest }) =>
  authenticated
    ? { authenticated, user, ...rest }
    : { authenticated, user, error: error ?? 'invalid bearer token' }

/** As documented for webhooks: `authenticated: false` for an unknown token. */
export const writtenByWebhook: StatusJson = (status) => status
