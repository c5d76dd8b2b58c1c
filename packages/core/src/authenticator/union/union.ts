import type { AnyAuthenticator } from '../authenticator.ts'
import { compose, requireOneKind } from './compose.ts'

/**
 * Asks authenticators in order until one knows the caller.
 *
 * An error is remembered and the next one is asked; a user discards all errors before it. When nobody knows the caller,
 * the remembered errors are thrown as one, and without any there is no opinion. An error that is final ends it at once. A single
 * authenticator is returned as it is.
 *
 * All must be of one kind: about requests, tokens or passwords.
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
 * Like {@link union}, but the first error ends it: what follows is asked only as long as everybody before had no opinion.
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
