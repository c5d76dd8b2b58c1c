import type { StatusError } from '../../authenticator/status.ts'
import type { UserInfo } from '../../authenticator/user.ts'
import type { AuthorizeRequestContext } from '../../authorization/authorize-request.ts'
import type { Guard, UserGuardOptions } from '../../handler/guard/guard.ts'
import { andThen, type Awaitable } from '../../internal/awaitable.ts'
import type { Users } from '../request-states.ts'

/** Options of an adapter's `requireUser` and the like. `R` is the request of the framework, or its context. */
export interface RequireOptionsOf<R> extends UserGuardOptions {
  /** The user of a request. Default: the authenticated user, or the user that it impersonates. */
  readonly user?: (request: R) => UserInfo | undefined
}

/** The decision of an adapter's guard: returns the error to refuse a request with, if it does not meet the requirement. */
export function guardOf<R, O extends RequireOptionsOf<R> & { readonly onFailure?: unknown }>(
  users: Pick<Users<R>, 'stateOf' | 'authenticationOf'>,
  { user, onFailure: _adapterOnly, ...rest }: O,
  guardFor: (options: Omit<O, 'user' | 'onFailure'>) => Guard,
): (request: R, context: AuthorizeRequestContext) => Awaitable<StatusError | undefined> {
  const guard = guardFor(rest)

  return (received, context) => {
    const { request, held } = users.stateOf(received)
    if (held !== undefined) return held.failure
    const found = user?.(received)
    const caller = user === undefined ? users.authenticationOf(received) : found && { user: found }
    return andThen(guard(request, caller, context), (outcome) =>
      'failure' in outcome ? outcome.failure : undefined,
    )
  }
}
