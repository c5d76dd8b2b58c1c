import type { AuthorizationError } from './errors.ts'

/**
 * What an authorizer thinks.
 *
 * - `allow`: yes, and nobody else is asked.
 * - `deny`: no, and nobody else is asked.
 * - `noOpinion`: somebody else may allow it. Where nobody does, it is refused.
 */
export type Verdict = 'allow' | 'deny' | 'noOpinion'

/** The answer of an authorizer. An error is kept apart from the verdict: it may have been reached in spite of it. */
export interface Decision {
  readonly verdict: Verdict
  /** Why, in words that may be shown to the client; often `''`. */
  readonly reason: string
  /** What could not be found out on the way. */
  readonly error?: AuthorizationError
}

const ALLOWED: Decision = Object.freeze({ verdict: 'allow', reason: '' })
const NO_OPINION: Decision = Object.freeze({ verdict: 'noOpinion', reason: '' })

/** Yes. */
export function allow(reason = ''): Decision {
  return reason === '' ? ALLOWED : { verdict: 'allow', reason }
}

/** No, whatever others think. */
export function deny(reason = '', error?: AuthorizationError): Decision {
  return { verdict: 'deny', reason, ...(error !== undefined && { error }) }
}

/** Not mine to say, or I could not tell. */
export function noOpinion(reason = '', error?: AuthorizationError): Decision {
  if (reason === '' && error === undefined) return NO_OPINION
  return { verdict: 'noOpinion', reason, ...(error !== undefined && { error }) }
}
