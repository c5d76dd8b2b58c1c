import type { Authentication, Authenticator, HeaderChanges } from '../authenticator/authenticator.ts'
import type { HttpAnswer, StatusError } from '../authenticator/status.ts'

/** An accepted request. */
export interface AuthenticatedRequest {
  readonly authentication: Authentication
  /** Set if the request asks to act as another user and impersonation has not decided yet. Until then the request has no user, and code that needs one must refuse it with this error. */
  readonly unresolvedImpersonation?: StatusError
  /** Set if `unresolvedImpersonation` is: the same error, made when it is read, since impersonation nearly always decides before. */
  readonly held?: HeldRequest
  /** The changes to apply to the headers before the application sees them. */
  readonly headerChanges: HeaderChanges
  /** Warnings for the client, each to be sent as a `Warning` header. */
  readonly warnings: readonly string[]
  /** HTTP/2 only: close the connection after this response, so that an unauthenticated client cannot hold it open. */
  readonly closesConnection: boolean
  /** The user is anonymous. */
  readonly isAnonymous: boolean
  /** What accepted it. */
  readonly authenticator: Authenticator
  /** The audiences it was asked for. */
  readonly audiences: readonly string[] | undefined
}

/** A request that has no user, as its impersonation is not granted. */
export interface HeldRequest {
  /** The error wherever a user is needed. */
  readonly failure: StatusError
  /** The caller, until impersonation is decided. */
  readonly caller?: Authentication
}

/** A refused request. */
export interface RefusedRequest {
  /** The error, whose response includes the warnings. */
  readonly failure: StatusError
  /** The response, for adapters that need no error. */
  readonly answer: HttpAnswer
  /** The same failure, if the request is refused because of its impersonation headers: later authentications must not give it a user. */
  readonly unresolvedImpersonation?: StatusError
  /** The changes to apply if the request is passed on anyway: they remove unverified identity headers. */
  readonly headerChanges: HeaderChanges
  readonly closesConnection: boolean
}

/** The outcome of a request. No more will be added. */
export type RequestOutcome = AuthenticatedRequest | RefusedRequest
