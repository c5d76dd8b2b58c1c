import { intersectAudiences } from '../../authenticator/audiences.ts'
import type { Authentication, Authenticator } from '../../authenticator/authenticator.ts'
import { type AuthenticationError, isFault } from '../../authenticator/errors.ts'
import { quoted } from '../../internal/quote.ts'
import type { AuthenticatedRequest, RequestOutcome } from '../../handler/authenticate-request.ts'
import type { AuthenticationRequest } from '../../request/request.ts'
import { isUnauthenticated } from '../../authenticator/user.ts'
import { adviceForFaults, adviceForOutages, adviceForRefusals } from './failed-steps.ts'
import { adviceForUnknown, wayIn } from './unknown-caller.ts'
import type { RecordedStep } from './record-steps.ts'

/** What is known of a request when its handler is done. */
export interface Findings {
  readonly authenticator: Authenticator
  readonly request: AuthenticationRequest
  /** Whether an authentication middleware was there before. */
  readonly isAuthenticated: boolean
  readonly audiences: readonly string[] | undefined
  /** What the authenticator answered; the handler may have refused it. */
  readonly answer: Authentication | undefined
  readonly asked: RecordedStep | undefined
  /** What the handler made of it. */
  readonly outcome: RequestOutcome
  /** Why it refused the request, where that is told. */
  readonly error: AuthenticationError | undefined
}

/** Says in a sentence or two what to do next. It never holds a credential, nor any other text of the request. */
export function adviceFor(found: Findings): string {
  const { authenticator, request, isAuthenticated, outcome, answer, asked, error } = found
  if (request.refusal !== undefined) return UNREAD
  const failure = 'failure' in outcome ? outcome.failure : undefined
  const isKnown = 'authentication' in outcome && !isUnauthenticated(outcome.authentication.user)
  if (isAuthenticated && !isKnown && error === undefined) {
    return (
      'An authentication middleware has already run on this request, and removed the headers that carry credentials. ' +
      'Explain the request before that middleware, or read the reason in error.cause, which onFailure is given.'
    )
  }
  if ('authentication' in outcome) return adviceForUser(authenticator, outcome)
  if (error === undefined) {
    return failure !== undefined && failure.status !== 401
      ? `No credential is looked at: ${failure.message}.`
      : adviceForUnknown(authenticator, request, asked)
  }
  if (answer !== undefined && answer !== null) return adviceForAnswer(found, answer, error)
  if (isFault(error)) return adviceForFaults(asked, error)
  return error.code === 'unavailable' ? adviceForOutages(asked, error) : adviceForRefusals(asked, error)
}

const UNREAD =
  'Node left out headers of the request, so nothing in it is believed. Let the client send fewer, or set maxHeadersCount = 0 on the ' +
  'server, which then reads as many as fit into maxHeaderSize.'

function adviceForUser(
  authenticator: Authenticator,
  { authentication: { user }, unresolvedImpersonation }: AuthenticatedRequest,
): string {
  const name = quoted(user.username)
  if (unresolvedImpersonation !== undefined) {
    return (
      `${name} asks to act as another user, which is for impersonation(...) to decide after authentication. ` +
      'Where it is not mounted, the request is refused with 403.'
    )
  }
  return isUnauthenticated(user)
    ? `The request passes without a credential, as ${name}. ${wayIn(authenticator)}`
    : `Nothing is to be done: the request is made by ${name}.`
}

/** The authenticator knows the caller, and the handler does not accept what it says. */
function adviceForAnswer(
  { authenticator: { name }, audiences = [] }: Findings,
  { user, audiences: valid = [] }: Authentication,
  error: AuthenticationError,
): string {
  if (isFault(error)) {
    return (
      `${name} answers with what is no user: it must be { user }, with a username and a uid that are strings, ` +
      'groups that are a list of strings, and an extra whose values are lists of strings. Use userInfo(...) to make one.'
    )
  }
  const { username } = user
  if (typeof username !== 'string' || username === '') {
    return `${name} answers with a user that has no name, and every user needs one. Look at where its names come from.`
  }
  if (intersectAudiences(audiences, valid).length === 0 && valid.length > 0) {
    return (
      `The credential of ${quoted(username)} is valid for the audiences ${listOf(valid)}, and this server expects one of ` +
      `${listOf(audiences)}. Ask its issuer for one that is, or add the audience to the option audiences.`
    )
  }
  return `${name} knows ${quoted(username)}, who is refused: ${error.message}.`
}

function listOf(texts: readonly string[]): string {
  return texts.map(quoted).join(', ')
}
