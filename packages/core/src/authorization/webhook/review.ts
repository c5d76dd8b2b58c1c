import { byCodeUnits } from '../../internal/compare.ts'
import type { Attributes } from '../attributes.ts'
import type { Selector, SelectorRequirement } from '../selectors/selector.ts'
import { allow, type Decision, deny, noOpinion } from '../decision.ts'
import { AuthorizationError } from '../errors.ts'
import {
  type Fields,
  readReviewStatus,
  hasRepeatedMembers,
  unusable,
} from '../../internal/webhook-call/read-review.ts'

/** The versions of SubjectAccessReview that webhooks support. They differ in the name of the groups field. */
export type ReviewVersion = 'v1' | 'v1beta1'

/** The spec of a SubjectAccessReview, without empty fields. */
export type ReviewSpec = Readonly<Record<string, unknown>>

/**
 * The spec of the SubjectAccessReview that is sent to a webhook.
 *
 * Source: apiserver `plugin/pkg/authorizer/webhook/webhook.go`, api `authorization/v1/types.go`.
 */
export function reviewSpec(attributes: Attributes, version: ReviewVersion): ReviewSpec {
  const { user, verb } = attributes
  const extra = Object.entries(user.extra).toSorted(([a], [b]) => byCodeUnits(a, b))
  return {
    ...(attributes.resourceRequest
      ? { resourceAttributes: resourceAttributes(attributes) }
      : { nonResourceAttributes: withoutEmpty({ path: attributes.path, verb }) }),
    ...withoutEmpty({ user: user.username }),
    ...(user.groups.length > 0 && { [version === 'v1' ? 'groups' : 'group']: user.groups }),
    ...(extra.length > 0 && { extra: Object.fromEntries(extra) }),
    ...withoutEmpty({ uid: user.uid }),
  }
}

/** The whole request body. */
export function reviewBody(spec: ReviewSpec, version: ReviewVersion): string {
  return JSON.stringify({ apiVersion: `authorization.k8s.io/${version}`, kind: 'SubjectAccessReview', spec })
}

function resourceAttributes(attributes: Attributes): Readonly<Record<string, unknown>> {
  const { namespace, verb, apiGroup, apiVersion, resource, subresource, name } = attributes
  const fieldSelector = selectorOf(requirementsWith(FIELD_OPERATORS, attributes.fieldSelector))
  const labelSelector = selectorOf(requirementsWith(LABEL_OPERATORS, attributes.labelSelector))
  return {
    ...withoutEmpty({ namespace, verb, group: apiGroup, version: apiVersion, resource, subresource, name }),
    ...(fieldSelector !== undefined && { fieldSelector }),
    ...(labelSelector !== undefined && { labelSelector }),
  }
}

export const FIELD_OPERATORS: readonly Operator[] = ['In', 'NotIn']

export const LABEL_OPERATORS: readonly Operator[] = ['In', 'NotIn', 'Exists', 'DoesNotExist']

type Operator = SelectorRequirement['operator']

/** Drops requirements with other operators: without them, the review only asks for more. */
export function requirementsWith(
  operators: readonly Operator[],
  selector: Selector | undefined,
): readonly SelectorRequirement[] {
  return (selector?.requirements ?? []).filter(({ operator }) => operators.includes(operator))
}

function selectorOf(
  requirements: readonly SelectorRequirement[],
): { readonly requirements: readonly object[] } | undefined {
  if (requirements.length === 0) return undefined
  return {
    requirements: requirements.map(({ key, operator, values }) => ({
      key,
      operator,
      ...(values.length > 0 && { values }),
    })),
  }
}

function withoutEmpty(texts: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(texts).filter(([, text]) => text !== ''))
}

/** The name of the webhook in errors. */
export const TITLE = 'the authorization webhook'

/** The answer of a webhook. */
export interface ReviewAnswer {
  readonly decision: Decision
  /** Whether `status.allowed` is true, even if the request is denied too. It selects the TTL of the cached answer. */
  readonly allowed: boolean
}

/**
 * Reads the SubjectAccessReview in a response, in the version that was sent: another one names groups differently, so it is about another question.
 *
 * Source: apiserver `plugin/pkg/authorizer/webhook/webhook.go`.
 *
 * Deviation: kube-apiserver merges repeated members (`docs/deviations.md`, webhooks).
 *
 * @throws {WebhookCallError} when it is not a valid one.
 */
export async function reviewAnswer(text: string, version: ReviewVersion): Promise<ReviewAnswer> {
  const expected = {
    kind: 'SubjectAccessReview',
    apiVersion: `authorization.k8s.io/${version}`,
    title: TITLE,
  }
  const status = await readReviewStatus(text, expected)
  // Kubernetes merges them, so a denial before the last one counts there: it must not be lost here.
  if (hasRepeatedMembers(text))
    return { decision: deny('', new AuthorizationError(REPEATED)), allowed: false }
  if (status === undefined) throw unusable(TITLE, 'it has no status')
  const allowed = flag(status, 'allowed')
  const denied = flag(status, 'denied')
  const reason = status['reason'] ?? ''
  if (typeof reason !== 'string') throw unusable(TITLE, 'status.reason must be a string')
  if (!denied) return { decision: allowed ? allow(reason) : noOpinion(reason), allowed }
  return { decision: deny(reason, allowed ? new AuthorizationError(CONTRADICTION) : undefined), allowed }
}

const CONTRADICTION = 'webhook subject access review returned both allow and deny response'
const REPEATED = 'webhook subject access review repeats a member'

function flag(status: Fields, name: string): boolean {
  const value = status[name] ?? false
  if (typeof value !== 'boolean') throw unusable(TITLE, `status.${name} must be true or false`)
  return value
}
