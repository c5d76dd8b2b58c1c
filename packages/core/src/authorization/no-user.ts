import { warnNoUser } from '../authenticator/app-warnings.ts'

/**
 * The `cause` of the 500 for a request without a user, whose message is Kubernetes'. It explains the mistake in the app: observers receive
 * it with the failure, and a warning is printed.
 */
export function noUser(): Error {
  warnNoUser()
  return new Error(
    'the request has no user: put authentication(...) before impersonation(...), authorization(...) and reviews(...), or give them the option user',
  )
}
