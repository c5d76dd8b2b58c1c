import { allow, type Decision, deny, noOpinion } from '../decision.ts'
import { AuthorizationError } from '../errors.ts'
import { type Fields, readReviewStatus } from '../../internal/webhook-call/read-review.ts'
import { WebhookCallError } from '../../internal/webhook-call/webhook-call-error.ts'

/** What the webhook is called in errors. */
export const TITLE = 'the authorization webhook'

/** What a webhook answered. */
export interface ReviewAnswer {
  readonly decision: Decision
  /** It said yes, whatever else it said: this is how long the answer is kept by. */
  readonly allowed: boolean
}

/**
 * Reads a SubjectAccessReview that came back. Either version will do, whichever was asked in.
 *
 * Source: apiserver `plugin/pkg/authorizer/webhook/webhook.go`.
 *
 * @throws {WebhookCallError} when it is none.
 */
export async function reviewAnswer(text: string): Promise<ReviewAnswer> {
  const expected = { kind: 'SubjectAccessReview', group: 'authorization.k8s.io', title: TITLE }
  const status = await readReviewStatus(text, expected)
  if (status === undefined) throw unusable('it has no status')
  const allowed = flag(status, 'allowed')
  const denied = flag(status, 'denied')
  const reason = status['reason'] ?? ''
  if (typeof reason !== 'string') throw unusable('its reason is no text')
  if (denied) return { decision: deny(reason, allowed ? CONTRADICTION : undefined), allowed }
  return { decision: allowed ? allow(reason) : noOpinion(reason), allowed }
}

const CONTRADICTION = new AuthorizationError(
  'webhook subject access review returned both allow and deny response',
)

function flag(status: Fields, name: string): boolean {
  const value = status[name] ?? false
  if (typeof value !== 'boolean') throw unusable(`${name} is neither true nor false`)
  return value
}

function unusable(why: string): WebhookCallError {
  return new WebhookCallError(`${TITLE} gave no usable answer: ${why}`)
}
