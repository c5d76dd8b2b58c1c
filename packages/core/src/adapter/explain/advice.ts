import { intersectAudiences } from '../../authenticator/audiences.ts'
import type { Authentication, Authenticator } from '../../authenticator/authenticator.ts'
import { type AuthenticationError, isFault } from '../../authenticator/errors.ts'
import { quoted } from '@kube-authn/internal/quote'
import type { AuthenticatedRequest, RequestOutcome } from '../../handler/request-outcome.ts'
import type { AuthenticationRequest } from '../../request/request.ts'
import { isUnauthenticated } from '../../authenticator/user.ts'
import type { Outcome } from '../../authenticator/events.ts'
import { networkReason } from '../../internal/http/fault.ts'
import { ANOTHER_SITE, CROSS_SITE_REMEDY } from '../../request/cross-site/ambient-credential.ts'
import { adviceForUnknown, wayIn } from '../../logging/ways-in.ts'
import { leavesOf, type RecordedStep } from './record-steps.ts'

/** What is known about a request after its handler has finished. */
export interface Findings {
  readonly authenticator: Authenticator
  readonly request: AuthenticationRequest
  /** Whether an authentication middleware has already handled the request. */
  readonly isAuthenticated: boolean
  readonly audiences: readonly string[] | undefined
  /** The answer of the authenticator, which the handler may have refused. */
  readonly answer: Authentication | undefined
  readonly asked: RecordedStep | undefined
  /** The outcome of the handler. */
  readonly outcome: RequestOutcome
  /** Why the handler refused the request, if known. */
  readonly error: AuthenticationError | undefined
}

/** What to do next, in one or two sentences. Contains no credential and no other string from the request. */
export function adviceFor(found: Findings): string {
  const { authenticator, request, isAuthenticated, outcome, answer, asked, error } = found
  if (request.refusal !== undefined) return UNREAD
  const failure = 'failure' in outcome ? outcome.failure : undefined
  const isKnown = 'authentication' in outcome && !isUnauthenticated(outcome.authentication.user)
  if (isAuthenticated && !isKnown && error === undefined) {
    return (
      'An authentication middleware has already run on this request, and removed the headers that carry credentials. ' +
      'Explain the request before that middleware, or read the reason from error.cause in onFailure.'
    )
  }
  if ('authentication' in outcome) return adviceForUser(authenticator, outcome)
  if (error === undefined) {
    return failure !== undefined && failure.status !== 401
      ? `Credentials were not checked: ${failure.message}.`
      : adviceForUnknown(
          authenticator,
          request,
          leavesOf(asked).map((step) => step.authenticator),
        )
  }
  if (answer !== undefined && answer !== null) return adviceForAnswer(found, answer, error)
  if (isFault(error)) return adviceForFaults(asked, error)
  return error.code === 'unavailable' ? adviceForOutages(asked, error) : adviceForRefusals(asked, error)
}

const UNREAD =
  'Node dropped headers of the request, so it is refused. Send fewer headers, or set maxHeadersCount = 0 on the server, which then reads ' +
  'as many as fit into maxHeaderSize.'

function adviceForUser(
  authenticator: Authenticator,
  { authentication: { user }, unresolvedImpersonation }: AuthenticatedRequest,
): string {
  const name = quoted(user.username)
  if (unresolvedImpersonation !== undefined) {
    return (
      `${name} asks to act as another user, which impersonation(...) decides after authentication. ` +
      'If it is not mounted, the request is refused with 403.'
    )
  }
  return isUnauthenticated(user)
    ? `The request passes without a credential, as ${name}. ${wayIn(authenticator)}`
    : `Nothing to do: the request is authenticated as ${name}.`
}

/** The authenticator accepted the caller, but the handler refused its answer. */
function adviceForAnswer(
  { authenticator: { name }, audiences = [] }: Findings,
  { user, audiences: valid = [] }: Authentication,
  error: AuthenticationError,
): string {
  if (isFault(error)) {
    return (
      `${name} returned an invalid answer: it must be { user }, with a username and a uid that are strings, ` +
      'groups that are a list of strings, and an extra whose values are lists of strings. Use userInfo(...) to make one.'
    )
  }
  const { username } = user
  if (typeof username !== 'string' || username === '') {
    return `${name} returned a user without a name, which every user must have. Check where it gets its names.`
  }
  if (intersectAudiences(audiences, valid).length === 0 && valid.length > 0) {
    return (
      `The credential of ${quoted(username)} is valid for the audiences ${listOf(valid)}, but this server expects one of ` +
      `${listOf(audiences)}. Request a credential for one of these, or add the audience to the option audiences.`
    )
  }
  return `${name} authenticated ${quoted(username)}, but the answer is refused: ${error.message}.`
}

function listOf(texts: readonly string[]): string {
  return texts.map(quoted).join(', ')
}

/** An authenticator threw an unexpected error: a fault in the authenticator, not in the credential. */
function adviceForFaults(asked: RecordedStep | undefined, error: AuthenticationError): string {
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
function adviceForOutages(asked: RecordedStep | undefined, error: AuthenticationError): string {
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
function adviceForRefusals(asked: RecordedStep | undefined, error: AuthenticationError): string {
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
