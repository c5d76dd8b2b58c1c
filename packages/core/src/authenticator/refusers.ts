import { memberOf } from '../internal/objects.ts'
import type { AuthenticationError } from './errors.ts'

/** Not a member of the error: some errors are shared, and frozen. */
const names = new WeakMap<AuthenticationError, string>()

/**
 * Keeps which authenticator an error comes from, for the log. The innermost authenticator is kept first, and stays.
 *
 * @param authenticator anything; only what has a name is kept.
 */
export function keepRefuser(error: AuthenticationError, authenticator: unknown): void {
  if (names.has(error)) return
  const name = memberOf(authenticator, 'name')
  if (typeof name === 'string') names.set(error, name)
}

/** The name of the authenticator that an error comes from, if it is known. */
export function refuserOf(error: AuthenticationError): string | undefined {
  return names.get(error)
}
