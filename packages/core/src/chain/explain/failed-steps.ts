import { type AuthenticationError, isFault } from '../../authenticator/errors.ts'
import type { Outcome } from '../../authenticator/events.ts'
import { networkReason } from '../../internal/http/fault.ts'
import { ANOTHER_SITE, CROSS_SITE_REMEDY } from '../../request/cross-site/ambient-credential.ts'
import { leavesOf, type RecordedStep } from './record-steps.ts'

/** An authenticator threw an unexpected error: a fault in the authenticator, not in the credential. */
export function adviceForFaults(asked: RecordedStep | undefined, error: AuthenticationError): string {
  const faults = failedIn(asked, 'unavailable').filter(
    (step) => step.error !== undefined && isFault(step.error),
  )
  const names = faults.map((step) => `${step.authenticator} failed${kindOf(step.error)}`)
  const [first = `an authenticator failed${kindOf(error)}`] = names
  return (
    `${(names.length === 0 ? [first] : names).join(', ')}: that is a fault in the authenticator, not in the credential. ` +
    'What it threw is the cause of the error that observers and onFailure receive.'
  )
}

/** The class of an error if it is built into the language: names of other errors may reveal too much. */
function kindOf(error: AuthenticationError | undefined): string {
  const { cause } = error ?? {}
  if (cause instanceof TypeError) return ' with a TypeError'
  if (cause instanceof RangeError) return ' with a RangeError'
  return cause instanceof SyntaxError ? ' with a SyntaxError' : ''
}

/** A credential could not be checked. */
export function adviceForOutages(asked: RecordedStep | undefined, error: AuthenticationError): string {
  const told = failedIn(asked, 'unavailable').map((step) => `${step.authenticator}: ${withReason(step)}`)
  const what = told.length === 0 ? error.message : told.join('; ')
  return `The credential could not be checked (${what}). The credential may be valid: fix the cause, and send it again.`
}

/** The message, with the network error if the message does not include it. */
function withReason({ message = '', error }: RecordedStep): string {
  const reason = networkReason(error)
  return reason === '' || message.includes(reason) ? message : `${message}: ${reason}`
}

/** A credential is bad. */
export function adviceForRefusals(asked: RecordedStep | undefined, error: AuthenticationError): string {
  const told = failedIn(asked, 'rejected').map((step) => {
    const knew = leavesOf(step).filter((leaf) => leaf !== step && leaf.outcome === 'noOpinion')
    const names = [...new Set(knew.map(({ authenticator }) => authenticator))].join(', ')
    const unknownTo = names === '' ? '' : ` (${names} ${knew.length === 1 ? 'does' : 'do'} not know it)`
    return `${step.authenticator} refuses the credential: ${step.message ?? ''}${unknownTo}`
  })
  const what = told.length === 0 ? `The credential is refused: ${error.message}` : told.join('; ')
  return `${what}. ${what.includes(ANOTHER_SITE) ? CROSS_SITE_REMEDY : 'Correct that, or send another credential.'}`
}

/** The innermost steps with this outcome. */
function failedIn(step: RecordedStep | undefined, outcome: Outcome): readonly RecordedStep[] {
  if (step === undefined) return []
  const inside = step.steps.flatMap((each) => failedIn(each, outcome))
  return inside.length > 0 || step.outcome !== outcome ? inside : [step]
}
