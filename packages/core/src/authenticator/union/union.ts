import type { AnyAuthenticator, Authentication } from '../authenticator.ts'
import { andThen } from '../../internal/awaitable.ts'
import { type Answer, type Ask, type Asked, attempt } from '../consult.ts'
import type { Context } from '../context.ts'
import { aggregate, type AuthenticationError } from '../errors.ts'
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
  return compose('union', authenticators, firstUser)
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
  return compose('failFast', authenticators, firstOpinion)
}

/**
 * The answer of the first one that knows the user, or all errors.
 *
 * @param index of the one to begin with.
 * @param errors those of the ones before.
 */
export function firstUser<A extends Asked, C>(
  delegates: readonly A[],
  ask: Ask<A, C>,
  credential: C,
  context: Context,
  index = 0,
  errors: readonly AuthenticationError[] = [],
): Answer {
  const delegate = delegates[index]
  if (delegate === undefined) return noUser(errors)
  return andThen(attempt(ask, delegate, credential, context), ({ answer, error }) => {
    if (answer !== undefined) return answer
    const all = error === undefined ? errors : [...errors, error]
    return error?.isFinal === true
      ? noUser(all)
      : firstUser(delegates, ask, credential, context, index + 1, all)
  })
}

function noUser(errors: readonly AuthenticationError[]): Authentication | undefined {
  if (errors.length > 0) throw aggregate(errors)
  return undefined
}

/** The answer or the error of the first one that has an opinion. */
function firstOpinion<A extends AnyAuthenticator, C>(
  delegates: readonly A[],
  ask: Ask<A, C>,
  credential: C,
  context: Context,
  index = 0,
): Answer {
  const delegate = delegates[index]
  if (delegate === undefined) return undefined
  return andThen(attempt(ask, delegate, credential, context), ({ answer, error }) => {
    if (error !== undefined) throw error
    return answer ?? firstOpinion(delegates, ask, credential, context, index + 1)
  })
}
