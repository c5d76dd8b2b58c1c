import { type Attributes, attributesOf } from '@kube-authn/core/authorization'
import { parseFieldSelector, parseLabelSelector } from '@kube-authn/core/internal'
import type { UserInfo } from '@kube-authn/core'

interface RecordedSelector {
  readonly rawSelector?: string
}

/** The `spec` of an access review. */
export interface RecordedSpec {
  readonly user?: string
  readonly uid?: string
  readonly groups?: readonly string[]
  readonly extra?: UserInfo['extra']
  readonly resourceAttributes?: {
    readonly verb?: string
    readonly group?: string
    readonly version?: string
    readonly resource?: string
    readonly subresource?: string
    readonly name?: string
    readonly namespace?: string
    readonly fieldSelector?: RecordedSelector
    readonly labelSelector?: RecordedSelector
  }
  readonly nonResourceAttributes?: { readonly path?: string; readonly verb?: string }
}

/** The attributes of an access review for the authorizer. Selector requirements are omitted: roles ignore them. */
export function attributesOfSpec(spec: RecordedSpec): Attributes {
  const { user = '', uid = '', groups = [], extra = {}, resourceAttributes, nonResourceAttributes } = spec
  const who = { username: user, uid, groups, extra }
  if (resourceAttributes === undefined) {
    return attributesOf(who, {
      verb: nonResourceAttributes?.verb ?? '',
      path: nonResourceAttributes?.path ?? '',
    })
  }
  const { group = '', version = '', fieldSelector, labelSelector, ...rest } = resourceAttributes
  const fields = fieldSelector?.rawSelector ?? ''
  const labels = labelSelector?.rawSelector ?? ''
  return attributesOf(who, {
    verb: '',
    resource: '',
    ...rest,
    apiGroup: group,
    apiVersion: version,
    ...(fields !== '' && { fieldSelector: parseFieldSelector(fields) }),
    ...(labels !== '' && { labelSelector: parseLabelSelector(labels) }),
  })
}
