import { anonymous } from '../request/anonymous/anonymous.ts'
import type { Authenticator } from '../authenticator/authenticator.ts'
import { failFast } from '../authenticator/union/union.ts'

/**
 * The same authenticator, for which a request without a credential is anonymous. A request is not without one if it has an `Authorization`
 * header, even of a scheme that the authenticator does not know.
 */
export function orAnonymous(authenticator: Authenticator): Authenticator {
  const user = anonymous()
  const withoutCredential: Authenticator = {
    ...user,
    authenticate: (request, context) =>
      request.headers.first('authorization') === undefined ? user.authenticate(request, context) : undefined,
  }
  return failFast(authenticator, withoutCredential)
}
