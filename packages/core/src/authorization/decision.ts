import type { AuthorizationError } from './errors.ts'

/**
 * The verdict of an authorizer.
 *
 * - `allow`: allowed; later authorizers are not asked.
 * - `deny`: refused; later authorizers are not asked.
 * - `noOpinion`: the next authorizer is asked. If none allows the request, it is refused.
 *
 * No more will be added.
 */
export type Verdict = 'allow' | 'deny' | 'noOpinion'

/** The answer of an authorizer. The error is separate from the verdict, since a verdict may be reached despite an error. */
export interface Decision {
  readonly verdict: Verdict
  /** Why; may be shown to the client. Often `''`. */
  readonly reason: string
  /** What failed during the decision. */
  readonly error?: AuthorizationError
}

const ALLOWED: Decision = Object.freeze({ verdict: 'allow', reason: '' })
const NO_OPINION: Decision = Object.freeze({ verdict: 'noOpinion', reason: '' })

/** Allows the request. */
export function allow(reason = ''): Decision {
  return reason === '' ? ALLOWED : { verdict: 'allow', reason }
}

/** Refuses the request; later authorizers are not asked. */
export function deny(reason = '', error?: AuthorizationError): Decision {
  return { verdict: 'deny', reason, ...(error !== undefined && { error }) }
}

/** Leaves the decision to the next authorizer. */
export function noOpinion(reason = '', error?: AuthorizationError): Decision {
  if (reason === '' && error === undefined) return NO_OPINION
  return { verdict: 'noOpinion', reason, ...(error !== undefined && { error }) }
}
