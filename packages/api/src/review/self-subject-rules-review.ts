import type { Authorizer } from '@kube-authn/core/authorization'
import { badRequest, rulesOf } from '@kube-authn/core/internal'
import type { ReviewKind } from './kind.ts'
import { readRulesStatus } from './status.ts'
import { withoutEmpty } from './selector-attributes.ts'

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
