import { type AuthenticationError, isFault } from '../../authenticator/errors.ts'
import type { Outcome } from '../../authenticator/events.ts'
import { networkReason } from '../../internal/http/fault.ts'
import type { RecordedStep } from './record-steps.ts'
import { leavesOf } from './unknown-caller.ts'

/** An authenticator threw what is no answer: a mistake in it, and not in a credential. */
export function adviceForFaults(asked: RecordedStep | undefined, error: AuthenticationError): string {
  const faults = failedIn(asked, 'unavailable').filter(
    (step) => step.error !== undefined && isFault(step.error),
  )
  const names = faults.map((step) => `${step.authenticator} failed${kindOf(step.error)}`)
  const [first = `an authenticator failed${kindOf(error)}`] = names
  return (
    `${(names.length === 0 ? [first] : names).join(', ')}: that is a fault in the authenticator, and says nothing about the credential. ` +
    'What it threw is the cause of the error that observers and onFailure are given.'
  )
}

/** The kind of an error, where it is one of the language's own: what else an error is called may say too much. */
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
  return `The credential could not be checked (${what}). That says nothing about the credential: see to it that the check can be made, and send it again.`
}

/** With the network's reason, where the authenticator does not give it. */
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
  return `${what}. Correct that, or send another credential.`
}

/** The innermost steps with this outcome. */
function failedIn(step: RecordedStep | undefined, outcome: Outcome): readonly RecordedStep[] {
  if (step === undefined) return []
  const inside = step.steps.flatMap((each) => failedIn(each, outcome))
  return inside.length > 0 || step.outcome !== outcome ? inside : [step]
}
