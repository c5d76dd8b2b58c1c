import { rfc3339Of } from '@kube-authn/internal/rfc3339'
import type { Clock } from '@kube-authn/core'
import { internalFailure, isUnicodeUser, NOT_UNICODE, userJson } from '@kube-authn/core/internal'
import type { ReviewKind } from './kind.ts'
import { readSubjectStatus } from './status.ts'

/**
 * Who am I? Answers with the user that the application sees, which is the impersonated one if there is one. Used by `kubectl auth whoami`.
 *
 * Source: api `authentication/v1` SelfSubjectReview; KEP-3325.
 *
 * Deviation: kube-apiserver replaces invalid Unicode (`docs/deviations.md`, content of reviews).
 */
export function selfSubjectReview(clock: Clock): ReviewKind {
  return {
    group: 'authentication.k8s.io',
    versions: ['v1', 'v1beta1', 'v1alpha1'],
    kind: 'SelfSubjectReview',
    resource: 'selfsubjectreviews',
    isAboutCaller: true,
    readStatus: readSubjectStatus,
    read: () => (asked) => {
      if (!isUnicodeUser(asked.caller)) throw internalFailure(NOT_UNICODE)
      return {
        metadata: { creationTimestamp: rfc3339Of(clock.now()) },
        status: { userInfo: userJson(asked.caller) },
      }
    },
  }
}
