import type { Authentication } from '../../authenticator/authenticator.ts'
import { notify } from '../../authenticator/notify.ts'
import type { Observer } from '../../authenticator/events.ts'
import type { Log } from '../../authenticator/log.ts'
import type { StatusError } from '../../authenticator/status.ts'
import { isUnauthenticated } from '../../authenticator/user.ts'
import {
  type AuthorizationOutcome,
  authorizeOrRefuse,
  type AuthorizeRequestContext,
  type RefuseRequest,
} from '../../authorization/authorize-request.ts'
import { allow, noOpinion } from '../../authorization/decision.ts'
import { forbidden } from '../../authorization/forbidden.ts'
import { logRefusal } from '../../logging/log-refusal.ts'
import type { Awaitable } from '../../internal/awaitable.ts'
import { aFunction, aLog, type OptionsShape } from '../../internal/options/index.ts'
import type { AuthenticationRequest } from '../../request/request.ts'
import { unauthorizedFor } from '../refusal.ts'
import type { Requirement } from './requirement.ts'

/** Options of every guard, the same in every adapter. */
export interface UserGuardOptions {
  /** Receives the decision on every request, as an `authorization` event. */
  readonly observer?: Observer
  /** Where refused requests are logged. Default: `console` in development, and for errors only in production. */
  readonly log?: Log
}

/** The checks of {@link UserGuardOptions}. */
export const guardShape: OptionsShape<UserGuardOptions> = { observer: aFunction, log: aLog }

/** Decides whether the caller of a request meets a requirement. It never throws and never rejects. */
export type Guard = (
  request: AuthenticationRequest,
  caller: Pick<Authentication, 'user' | 'requester'> | undefined,
  context?: AuthorizeRequestContext,
) => Awaitable<AuthorizationOutcome>

/**
 * A guard: an authorizer that looks at the user only. Its decisions are events like those of other authorizers.
 *
 * 1. A user that meets the requirement passes.
 * 2. A request without a credential is a 401 with the challenges of the authenticator. So is a refused one that the app passed on.
 * 3. All others are a 403 that names the requirement, also a user that impersonates `system:anonymous`.
 * 4. A request that no authentication has seen is a 500: a mistake in the app.
 */
export function guard(requirement: Requirement, { observer, log }: UserGuardOptions): Guard {
  const { reason } = requirement
  const unmet = noOpinion(reason)
  const authorize = authorizeOrRefuse(
    {
      name: requirement.name,
      authorize: ({ user }) => (requirement.isMetBy(user) ? allow() : unmet),
    },
    { ...(observer !== undefined && { observer }), ...(log !== undefined && { log }) },
  )
  const forbid: RefuseRequest = (attributes) => forbidden(attributes, reason, requirement.headers)

  return function guardOne(request, caller, context) {
    const unauthorized = request.refusal === undefined ? unauthorizedFor(request) : undefined
    if (unauthorized === undefined) return authorize(request, caller?.user, forbid, context)
    if (caller === undefined) {
      const failure = unauthorized()
      report(request, failure, reason, observer)
      logRefusal(log, { request, failure, by: 'authorization' })
      return { failure }
    }
    return authorize(
      request,
      caller.user,
      caller.requester === undefined && isUnauthenticated(caller.user) ? unauthorized : forbid,
      context,
    )
  }
}

/** The event of a request without a user, about which no authorizer can be asked. */
function report(
  request: AuthenticationRequest,
  failure: StatusError,
  reason: string,
  observer: Observer | undefined,
): void {
  notify(observer, { type: 'authorization', request, result: 'forbid', reason, failure, durationSeconds: 0 })
}
