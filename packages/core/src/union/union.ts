import type { AnyAuthenticator, Authentication } from '../authenticator.ts'
import { type Awaitable, isPromiseLike, promiseOf } from '../awaitable.ts'
import { aggregate, asAuthenticationError, type AuthenticationError } from '../errors.ts'
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
  return compose('union', authenticators, (ask) => firstAuthenticated(authenticators, ask, false))
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
  return compose('failFast', authenticators, (ask) => firstAuthenticated(authenticators, ask, true))
}

type Answer = Awaitable<Authentication | undefined>

/** Asks in order, as {@link union} or, with `failsFast`, as {@link failFast} does. */
export function firstAuthenticated<A>(
  authenticators: readonly A[],
  ask: (authenticator: A) => Answer,
  failsFast: boolean,
  start = 0,
  before?: readonly AuthenticationError[],
): Answer {
  let errors = before
  for (let index = start; index < authenticators.length; index++) {
    let answer: Answer
    try {
      // The bound is checked above, and an authenticator is never undefined.
      answer = ask(authenticators[index] as A)
    } catch (thrown) {
      errors = remember(errors, thrown, failsFast)
      continue
    }
    if (isPromiseLike(answer)) {
      return firstAuthenticatedLater(authenticators, ask, failsFast, index + 1, errors, promiseOf(answer))
    }
    if (answer !== undefined) return answer
  }
  if (errors !== undefined) throw aggregate(errors)
  return undefined
}

/** By itself, so that what is decided at once makes no closures. */
function firstAuthenticatedLater<A>(
  authenticators: readonly A[],
  ask: (authenticator: A) => Answer,
  failsFast: boolean,
  next: number,
  errors: readonly AuthenticationError[] | undefined,
  answer: Promise<Authentication | undefined>,
): Answer {
  return answer.then(
    (late) => (late === undefined ? firstAuthenticated(authenticators, ask, failsFast, next, errors) : late),
    (thrown: unknown) =>
      firstAuthenticated(authenticators, ask, failsFast, next, remember(errors, thrown, failsFast)),
  )
}

/** The errors so far, with one more, unless it ends everything. */
function remember(
  errors: readonly AuthenticationError[] = [],
  thrown: unknown,
  failsFast: boolean,
): readonly AuthenticationError[] {
  const error = asAuthenticationError(thrown)
  if (failsFast) throw error
  const all = [...errors, error]
  if (error.isFinal) throw aggregate(all)
  return all
}
