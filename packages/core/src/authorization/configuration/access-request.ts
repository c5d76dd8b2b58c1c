import type { Attributes } from '../attributes.ts'
import { FIELD_OPERATORS, LABEL_OPERATORS, requirementsWith } from '../webhook/review.ts'
import type { CelAccessRequest } from '@kube-authn/cel/kubernetes'

/**
 * The attributes as match conditions see them: the `spec` of a SubjectAccessReview v1.
 *
 * Source: apiserver `plugin/pkg/authorizer/webhook/webhook.go`.
 */
export function accessRequestOf(attributes: Attributes): CelAccessRequest {
  const { user, verb, path } = attributes
  const { username, uid, groups, extra } = user
  return {
    user: username,
    uid,
    groups,
    extra,
    ...(attributes.resourceRequest
      ? { resourceAttributes: resourceAttributesOf(attributes) }
      : { nonResourceAttributes: { path, verb } }),
  }
}

function resourceAttributesOf(attributes: Attributes): NonNullable<CelAccessRequest['resourceAttributes']> {
  const { namespace, verb, apiGroup, apiVersion, resource, subresource, name } = attributes
  const ofFields = requirementsWith(FIELD_OPERATORS, attributes.fieldSelector)
  const ofLabels = requirementsWith(LABEL_OPERATORS, attributes.labelSelector)
  return {
    namespace,
    verb,
    group: apiGroup,
    version: apiVersion,
    resource,
    subresource,
    name,
    ...(ofFields.length > 0 && { fieldSelector: { requirements: ofFields } }),
    ...(ofLabels.length > 0 && { labelSelector: { requirements: ofLabels } }),
  }
}
