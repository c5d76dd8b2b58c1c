import { intersectAudiences } from '../audiences.ts'
import type { Authentication, Authenticator } from '../authenticator.ts'
import { type AuthenticationError, isFault } from '../errors.ts'
import { quoted } from '../quote.ts'
import type { AuthenticationRequest } from '../request/request.ts'
import type { StatusError } from '../status.ts'
import { isUnauthenticated } from '../user.ts'
import { adviceForFaults, adviceForOutages, adviceForRefusals } from './failed-steps.ts'
import { adviceForUnknown, wayIn } from './unknown-caller.ts'
import type { RecordedStep } from './record-steps.ts'

/** What is known of a request when its handler is done. */
export interface Findings {
  readonly authenticator: Authenticator
  readonly request: AuthenticationRequest
  /** The headers that a middleware removed before. */
  readonly removed: readonly string[]
  readonly audiences: readonly string[] | undefined
  /** What the authenticator answered; the handler may have refused it. */
  readonly answer: Authentication | undefined
  /** What the handler accepted. */
  readonly authentication: Authentication | undefined
  readonly asked: RecordedStep | undefined
  readonly failure: StatusError | undefined
  readonly error: AuthenticationError | undefined
}

/** Says in a sentence or two what to do next. It never holds a credential, nor any other text of the request. */
export function adviceFor(found: Findings): string {
  const { authenticator, request, removed, answer, authentication, asked, failure, error } = found
  const isUnknown = authentication === undefined || isUnauthenticated(authentication.user)
  if (removed.length > 0 && isUnknown && error === undefined) {
    return (
      `A middleware has already removed credentials from this request (${removed.join(', ')}). ` +
      'Explain it before that middleware runs, or read the reason in error.cause, which onFailure is given.'
    )
  }
  if (authentication !== undefined) return adviceForUser(authenticator, authentication)
  if (error === undefined) {
    return failure !== undefined && failure.status !== 401
      ? `No credential is looked at: ${failure.message}.`
      : adviceForUnknown(authenticator, request, asked)
  }
  if (answer !== undefined && answer !== null) return adviceForAnswer(found, answer, error)
  if (isFault(error)) return adviceForFaults(asked, error)
  return error.code === 'unavailable' ? adviceForOutages(asked, error) : adviceForRefusals(asked, error)
}

function adviceForUser(authenticator: Authenticator, { user }: Authentication): string {
  return isUnauthenticated(user)
    ? `The request passes without a credential, as ${quoted(user.username)}. ${wayIn(authenticator)}`
    : `Nothing is to be done: the request is made by ${quoted(user.username)}.`
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
