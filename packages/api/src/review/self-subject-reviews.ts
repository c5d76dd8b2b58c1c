import { rfc3339Of } from '@kube-authn/internal/rfc3339'
import type { Clock } from '@kube-authn/core'
import {
  internalFailure,
  isUnicodeUser,
  NOT_UNICODE,
  userJson,
  badRequest,
  rulesOf,
} from '@kube-authn/core/internal'
import type { ReviewKind } from './kind.ts'
import { readSubjectStatus, readRulesStatus } from './status.ts'
import type { Authorizer } from '@kube-authn/core/authorization'
import { withoutEmpty } from './selector-attributes.ts'

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
    versions: ['v1', 'v1beta1'],
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

/**
 * What may I do in this namespace? Used by `kubectl auth can-i --list`. The answer is incomplete if an authorizer cannot list its rules.
 *
 * Source: api `authorization/v1` SelfSubjectRulesReview; kubernetes `pkg/registry/authorization/selfsubjectrulesreview/rest.go`.
 */
export function selfSubjectRulesReview(authorizer: Authorizer): ReviewKind {
  return {
    group: 'authorization.k8s.io',
    versions: ['v1', 'v1beta1'],
    kind: 'SelfSubjectRulesReview',
    resource: 'selfsubjectrulesreviews',
    isAboutCaller: true,
    readStatus: readRulesStatus,
    read(object) {
      const spec = object.object('spec')
      const namespace = spec?.string('namespace') ?? ''
      spec?.end()
      return ({ caller }) => {
        if (namespace === '') throw badRequest('no namespace on request')
        const { resourceRules, nonResourceRules, incomplete, evaluationError } = rulesOf(
          authorizer,
          caller,
          namespace,
        )
        return {
          spec: {},
          status: {
            resourceRules: resourceRules.map(({ verbs, apiGroups, resources, resourceNames }) => ({
              verbs,
              ...withoutEmpty({ apiGroups, resources, resourceNames }),
            })),
            nonResourceRules: nonResourceRules.map(({ verbs, nonResourceURLs }) => ({
              verbs,
              ...withoutEmpty({ nonResourceURLs }),
            })),
            incomplete,
            ...(evaluationError !== undefined && { evaluationError }),
          },
        }
      }
    },
  }
}
