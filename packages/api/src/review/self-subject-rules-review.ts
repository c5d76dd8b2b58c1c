import type { Authorizer } from '@kube-authn/core/authorization'
import { badRequest, rulesOf } from '@kube-authn/core/internal'
import type { ReviewKind } from './kind.ts'
import { SELF_SUBJECT_RULES_REVIEW } from './served-review.ts'
import { readRulesStatus } from './status.ts'

/**
 * What may I do in this namespace? Used by `kubectl auth can-i --list`. The answer is incomplete if an authorizer cannot list its rules.
 *
 * Source: api `authorization/v1` SelfSubjectRulesReview; kubernetes `pkg/registry/authorization/selfsubjectrulesreview/rest.go`.
 */
export function selfSubjectRulesReview(authorizer: Authorizer): ReviewKind {
  return {
    ...SELF_SUBJECT_RULES_REVIEW,
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
              ...(apiGroups.length > 0 && { apiGroups }),
              ...(resources.length > 0 && { resources }),
              ...(resourceNames.length > 0 && { resourceNames }),
            })),
            nonResourceRules: nonResourceRules.map(({ verbs, nonResourceURLs }) => ({
              verbs,
              ...(nonResourceURLs.length > 0 && { nonResourceURLs }),
            })),
            incomplete,
            ...(evaluationError !== undefined && { evaluationError }),
          },
        }
      }
    },
  }
}
