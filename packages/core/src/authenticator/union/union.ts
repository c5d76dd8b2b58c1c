import type { AnyAuthenticator } from '../authenticator.ts'
import { compose, requireOneKind } from './compose.ts'

/**
 * Asks authenticators in order until one authenticates the caller.
 *
 * After an error the next authenticator is asked, and a user discards earlier errors. If none authenticates the caller, the errors are
 * thrown as one; without errors the result is no opinion. A final error ends the search at once. A single authenticator is returned
 * unchanged.
 *
 * All must be of one kind: for requests, for tokens, or for passwords.
 *
 * Source: apiserver `pkg/authentication/request/union`, `pkg/authentication/token/union`.
 *
 * @throws {ConfigurationError} when kinds are mixed.
 * @example
 * const tokens = union(tokenFile(csv), serviceAccounts)
 */
export function union<A extends AnyAuthenticator>(...authenticators: readonly A[]): A {
  requireOneKind(authenticators)
  const [only] = authenticators
  if (only !== undefined && authenticators.length === 1) return only
  return compose('union', authenticators, false)
}

/**
 * Like {@link union}, but the first error ends the search: an authenticator is asked only if all before it had no opinion.
 *
 * @throws {ConfigurationError} when kinds are mixed.
 * @example
 * const chain = failFast(everyCredential, anonymous()) // a bad credential is never anonymous
 */
export function failFast<A extends AnyAuthenticator>(...authenticators: readonly A[]): A {
  requireOneKind(authenticators)
  const [only] = authenticators
  if (only !== undefined && authenticators.length === 1) return only
  return compose('failFast', authenticators, true)
}
