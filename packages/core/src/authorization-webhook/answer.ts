import { allow, type Decision, deny, noOpinion } from '../authorization/decision.ts'
import { AuthorizationError } from '../authorization/errors.ts'

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
 * @throws {AuthorizationError} when it is none.
 */
export function reviewAnswer(text: string): ReviewAnswer {
  const review = parsed(text)
  const { kind, apiVersion, status } = review
  if (kind !== undefined && kind !== 'SubjectAccessReview') throw unintelligible('it is of another kind')
  if (apiVersion !== undefined && !API_VERSIONS.has(apiVersion)) {
    throw unintelligible('it is of another API version')
  }
  if (!isObject(status)) throw unintelligible('it has no status')
  const allowed = flag(status, 'allowed')
  const denied = flag(status, 'denied')
  const reason = status['reason'] ?? ''
  if (typeof reason !== 'string') throw unintelligible('its reason is no text')
  if (denied) return { decision: deny(reason, allowed ? CONTRADICTION : undefined), allowed }
  return { decision: allowed ? allow(reason) : noOpinion(reason), allowed }
}

const CONTRADICTION = new AuthorizationError(
  'webhook subject access review returned both allow and deny response',
)

function parsed(text: string): Readonly<Record<string, unknown>> {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw unintelligible('it is no JSON', cause)
  }
  if (!isObject(value)) throw unintelligible('it is no object')
  return value
}

function flag(status: Readonly<Record<string, unknown>>, name: string): boolean {
  const value = status[name] ?? false
  if (typeof value !== 'boolean') throw unintelligible(`${name} is neither true nor false`)
  return value
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function unintelligible(why: string, cause?: unknown): AuthorizationError {
  const message = `the authorization webhook gave no usable answer: ${why}`
  return new AuthorizationError(message, cause === undefined ? {} : { cause })
}

const API_VERSIONS: ReadonlySet<unknown> = new Set([
  'authorization.k8s.io/v1',
  'authorization.k8s.io/v1beta1',
])
