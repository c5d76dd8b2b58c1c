import { warnNoUser } from '../authenticator/app-warnings.ts'

/**
 * Why a request without a user came where one is needed, for operators: the `cause` of a 500 whose text is Kubernetes'. It is a mistake in
 * the app, which observers are told of with the failure, and its author by a warning.
 */
export function noUser(): Error {
  warnNoUser()
  return new Error(
    'the request has no user: put authentication(...) before impersonation(...), authorization(...) and reviews(...), or give them the option user',
  )
}
