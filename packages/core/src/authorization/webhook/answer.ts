import { allow, type Decision, deny, noOpinion } from '../decision.ts'
import { AuthorizationError } from '../errors.ts'
import { type Fields, readReviewStatus } from '../../internal/webhook-call/read-review.ts'
import { WebhookCallError } from '../../internal/webhook-call/webhook-call-error.ts'

/** The name of the webhook in errors. */
export const TITLE = 'the authorization webhook'

/** The answer of a webhook. */
export interface ReviewAnswer {
  readonly decision: Decision
  /** Whether `status.allowed` is true, even if the request is denied too. It selects the TTL of the cached answer. */
  readonly allowed: boolean
}

/**
 * Reads the SubjectAccessReview in a response, in either version.
 *
 * Source: apiserver `plugin/pkg/authorizer/webhook/webhook.go`.
 *
 * @throws {WebhookCallError} when it is not a valid one.
 */
export async function reviewAnswer(text: string): Promise<ReviewAnswer> {
  const expected = { kind: 'SubjectAccessReview', group: 'authorization.k8s.io', title: TITLE }
  const status = await readReviewStatus(text, expected)
  if (status === undefined) throw unusable('it has no status')
  const allowed = flag(status, 'allowed')
  const denied = flag(status, 'denied')
  const reason = status['reason'] ?? ''
  if (typeof reason !== 'string') throw unusable('status.reason must be a string')
  if (denied) return { decision: deny(reason, allowed ? contradiction() : undefined), allowed }
  return { decision: allowed ? allow(reason) : noOpinion(reason), allowed }
}

function contradiction(): AuthorizationError {
  return new AuthorizationError('webhook subject access review returned both allow and deny response')
}

function flag(status: Fields, name: string): boolean {
  const value = status[name] ?? false
  if (typeof value !== 'boolean') throw unusable(`status.${name} must be true or false`)
  return value
}

function unusable(why: string): WebhookCallError {
  return new WebhookCallError(`${TITLE} gave no usable answer: ${why}`)
}
