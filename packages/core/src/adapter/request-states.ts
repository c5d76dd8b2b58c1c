import type { Authentication } from '../authenticator/authenticator.ts'
import type { AuthenticatedRequest, HeldRequest, RequestOutcome } from '../handler/request-outcome.ts'
import { advise } from '../internal/log/app-warnings.ts'
import type { Log } from '../authenticator/log.ts'
import type { UserInfo } from '../authenticator/user.ts'
import type { AuthenticationRequest } from '../request/request.ts'

/** What the middlewares of an adapter know of a request. Other versions of an adapter may read it, so a change of it is a new version of its name. */
export class RequestState {
  /** The same object for all middlewares: observers correlate events by it. */
  readonly request: AuthenticationRequest
  authentication: Authentication | undefined = undefined
  /** Set if the request asks to impersonate a user, until that is granted. */
  held: HeldRequest | undefined = undefined
  /** The latest outcome of `authentication`, if it accepted the request. */
  accepted?: AuthenticatedRequest

  constructor(request: AuthenticationRequest) {
    this.request = request
  }
}

/** Whether a request asked to impersonate a user and that is granted or refused, so that its headers are gone. Not a member of the state: that of another copy of an adapter may lack it. */
export function isImpersonationDecided(
  authentication: Authentication | undefined,
  held: HeldRequest | undefined,
): boolean {
  return authentication?.requester !== undefined || (held !== undefined && held.caller === undefined)
}

/** How an adapter keeps the users of its requests. `R` is the request of the framework, or its context. */
export interface Users<R> {
  stateOf(request: R): Pick<RequestState, 'request' | 'held' | 'accepted'>
  authenticationOf(request: R): Authentication | undefined
  /** Sets the user, which ends a hold. @param log says that a user of an earlier middleware was replaced. */
  setAuthentication(request: R, authentication: Authentication, log?: Log): void
  /** Removes the user, and holds the request. */
  hold(request: R, held: HeldRequest): void
}

/** The same for frameworks whose requests are Node's. */
export interface NodeUsers<R> extends Users<R> {
  stateOf(request: R): RequestState
}

/** Gives a request the user of an outcome, or holds it. Change its headers before. */
export function settleUser<R>(users: Users<R>, request: R, outcome: RequestOutcome, log?: Log): void {
  if ('failure' in outcome) {
    if (outcome.unresolvedImpersonation !== undefined) users.hold(request, outcome)
    return
  }
  users.stateOf(request).accepted = outcome
  if (outcome.held === undefined) users.setAuthentication(request, outcome.authentication, log)
  else users.hold(request, outcome.held)
}

/**
 * The authentication of a request, for the accessors of an adapter.
 *
 * @param missing the message if there is none: what to change in the app.
 * @throws {StatusError} 403, if the request is held.
 * @throws {Error} if the request was not authenticated.
 */
export function requireAuthentication(
  { authentication, held }: Partial<Pick<RequestState, 'authentication' | 'held'>>,
  missing: string,
): Authentication {
  if (held !== undefined) throw held.failure
  if (authentication === undefined) throw new Error(missing)
  return authentication
}

/** The message for frameworks with middlewares. */
export const NO_AUTHENTICATION =
  'the authentication middleware did not run for this request: put app.use(authentication(...)) before its route'

/**
 * Keeps users in the states of requests, and shows each as the property `user` of its request.
 *
 * @param shown the property, as the app knows it: `req.user`.
 */
export function usersAsProperty<R extends object>(
  stateOf: (request: R) => RequestState,
  shown: string,
): NodeUsers<R> {
  return {
    stateOf,
    authenticationOf: (request) => stateOf(request).authentication,
    setAuthentication(request: R & { user?: UserInfo | null }, authentication, log) {
      const state = stateOf(request)
      const isFirst = state.authentication === undefined && state.held === undefined
      if (isFirst && request.user !== undefined && request.user !== null)
        advise(log, 'KUBE_AUTHN_USER_REPLACED', shown)
      state.authentication = authentication
      state.held = undefined
      request.user = authentication.user
    },
    hold(request, held) {
      const state = stateOf(request)
      state.authentication = undefined
      state.held = held
      if ('user' in request) Object.assign(request, { user: undefined })
    },
  }
}
