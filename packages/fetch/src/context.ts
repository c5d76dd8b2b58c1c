import type { Authentication, Awaitable, UserInfo } from '@kube-authn/core'
import { requireAuthentication } from '@kube-authn/core/internal'
import type { RequestState } from './state.ts'

/** What a handler gets after the request. */
export interface AuthenticationContext {
  /** The user of the request. */
  readonly user: UserInfo
  /** The authentication of the request. If the caller impersonates another user, `requester` is the caller. */
  readonly authentication: Authentication
}

/** A handler inside `withAuthentication`. `R` is what it returns. */
export type Handler<Req extends Request, Rest extends readonly unknown[], R extends Awaitable<Response>> = (
  request: Req,
  context: AuthenticationContext,
  ...rest: Rest
) => R

/** The context of a state. Reading it throws where {@link authenticationOf} does. */
export function contextOf(state: Partial<RequestState>): AuthenticationContext {
  return {
    get user() {
      return authenticationOf(state).user
    },
    get authentication() {
      return authenticationOf(state)
    },
  }
}

/**
 * The authentication of the request. If the caller impersonates another user, `requester` is the caller.
 *
 * @throws {StatusError} 403, if the request asks to impersonate a user and `withImpersonation` did not run yet.
 * @throws {Error} if `withAuthentication` did not run for this request: a mistake in the app.
 */
export function authenticationOf(state: Partial<RequestState>): Authentication {
  return requireAuthentication(state, NO_AUTHENTICATION)
}

const NO_AUTHENTICATION =
  'withAuthentication did not run for this request: wrap its handler, and pass on the request that the handler gets'
