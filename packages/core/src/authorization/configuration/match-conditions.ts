import { messageOf } from '../../internal/thrown.ts'
import type { Attributes } from '../attributes.ts'
import type { Authorizer } from '../authorizer.ts'
import { deny, noOpinion } from '../decision.ts'
import { aggregateErrors } from '../aggregate-errors.ts'
import { AuthorizationError } from '../errors.ts'
import type { CelAccessRequest, CelProgram } from '@kube-authn/cel/kubernetes'
import { notify } from '../../authenticator/notify.ts'
import { FIELD_OPERATORS, LABEL_OPERATORS, requirementsWith } from '../webhook/review.ts'

/** The compiled match conditions of one authorizer. An empty list matches everything. */
export type MatchConditions = readonly CelProgram<'request'>[]

export interface MatchConditionsOptions {
  readonly conditions: MatchConditions
  /** The decision if a condition cannot be evaluated, and none is false. */
  readonly failurePolicy: 'noOpinion' | 'deny'
}

/**
 * Asks an authorizer only about requests for which all conditions are true. If a condition is false, there is no opinion, even if others
 * failed. If none is false and one failed, the failure policy decides.
 *
 * Source: apiserver `pkg/authorization/cel/matcher.go`, `plugin/pkg/authorizer/webhook/webhook.go`.
 */
export function withMatchConditions(
  authorizer: Authorizer,
  { conditions, failurePolicy }: MatchConditionsOptions,
): Authorizer {
  if (conditions.length === 0) return authorizer
  const { name } = authorizer
  return {
    ...authorizer,
    authorize(attributes, context) {
      const { observer } = context
      const start = observer === undefined ? 0 : performance.now()
      const { isExcluded, error } = matchOf(conditions, attributes)
      if (observer !== undefined) {
        notify(observer, {
          type: 'authorizationMatchCondition',
          authorizerType: 'Webhook',
          authorizer: name,
          excluded: isExcluded,
          ...(error !== undefined && { error }),
          durationSeconds: (performance.now() - start) / 1000,
        })
      }
      if (isExcluded) return noOpinion()
      if (error !== undefined) return failurePolicy === 'deny' ? deny('', error) : noOpinion('', error)
      return authorizer.authorize(attributes, context)
    },
  }
}

/** Whether a condition is false, and the errors of the conditions evaluated so far. */
function matchOf(conditions: MatchConditions, attributes: Attributes) {
  const request = accessRequestOf(attributes)
  const errors: AuthorizationError[] = []
  let isExcluded = false
  for (const condition of conditions) {
    const result = resultOf(condition, request)
    if (result instanceof AuthorizationError) errors.push(result)
    else if (!result) {
      isExcluded = true
      break
    }
  }
  return { isExcluded, error: aggregateErrors(errors) }
}

function resultOf(condition: CelProgram<'request'>, request: CelAccessRequest): boolean | AuthorizationError {
  const failure = (why: string, cause?: unknown): AuthorizationError =>
    new AuthorizationError(`cel evaluation error: expression '${condition.expression}' ${why}`, { cause })
  try {
    const result = condition.evaluate(request)
    return typeof result === 'boolean' ? result : failure('eval result type should be bool')
  } catch (error) {
    const message = messageOf(error, 'evaluation failed')
    return failure(`resulted in error: ${message}`, error)
  }
}

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
