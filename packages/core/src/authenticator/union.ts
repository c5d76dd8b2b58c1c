import type {
  AnyAuthenticator,
  Authentication,
  Authenticator,
  CredentialDescription,
  PasswordAuthenticator,
  TokenAuthenticator,
} from './authenticator.ts'
import { andThen } from '../internal/awaitable.ts'
import {
  aPasswordAuthenticator,
  aRequestAuthenticator,
  aTokenAuthenticator,
  refuseProblems,
} from '../internal/options/index.ts'
import { type Answer, type Ask, type Asked, askPassword, askRequest, askToken, attempt } from './consult.ts'
import type { Context } from './context.ts'
import { aggregate, type AuthenticationError } from './errors.ts'
import { knownTokens } from './known-credentials.ts'

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
  return composeAll('union', authenticators, firstUser)
}

/**
 * Like {@link union}, but the first error ends the search: an authenticator is asked only if all before it had no opinion.
 *
 * @throws {ConfigurationError} when kinds are mixed.
 * @example
 * const chain = failFast(everyCredential, anonymous()) // a bad credential is never anonymous
 */
export function failFast<A extends AnyAuthenticator>(...authenticators: readonly A[]): A {
  return composeAll('failFast', authenticators, firstOpinion)
}

/** The answer of the first one that knows the user, or all errors. @param index of the one to begin with. @param errors those of the ones before. */
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

/** Decides about a credential with authenticators of one kind, each of which is asked with `ask`. */
type Decide = <A extends AnyAuthenticator, C>(
  delegates: readonly A[],
  ask: Ask<A, C>,
  credential: C,
  context: Context,
) => Answer

/** A single authenticator is returned unchanged. */
function composeAll<A extends AnyAuthenticator>(name: string, all: readonly A[], decide: Decide): A {
  requireOneKind(all)
  const [only] = all
  return only !== undefined && all.length === 1 ? only : compose(name, all, decide)
}

/**
 * Combines authenticators of one kind to one of the same kind.
 *
 * Without any authenticator the kind is unknown, so the result has all kinds and never has an opinion.
 */
function compose<A extends AnyAuthenticator>(name: string, delegates: readonly A[], decide: Decide): A {
  // Each branch returns the kind that `A` is, which the type system cannot infer.
  return ofOneKind(name, delegates, decide) as A
}

function ofOneKind(name: string, delegates: readonly AnyAuthenticator[], decide: Decide): AnyAuthenticator {
  if (delegates.length === 0) return noOpinion(name)
  const ofRequests = delegates.filter(isAuthenticator)
  if (ofRequests.length === delegates.length) {
    return {
      name,
      credentials: combinedCredentials(ofRequests),
      authenticate: (request, context) => decide(ofRequests, askRequest, request, context),
    } satisfies Authenticator
  }
  const ofTokens = delegates.filter(isTokenAuthenticator)
  if (ofTokens.length === delegates.length) {
    return {
      name,
      audienceAware: ofTokens.some((each) => each.audienceAware),
      mayKnow: (token) => ofTokens.some((each) => each.mayKnow?.(token) ?? true),
      known: () => ofTokens.flatMap(knownTokens),
      authenticateToken: (token, context) => decide(ofTokens, askToken, token, context),
    } satisfies TokenAuthenticator
  }
  const ofPasswords = delegates.filter(isPasswordAuthenticator)
  return {
    name,
    authenticatePassword: (username, password, context) =>
      decide(ofPasswords, askPassword, [username, password], context),
  } satisfies PasswordAuthenticator
}

/**
 * Wraps an authenticator of any kind.
 *
 * @param decide decides about a credential with the delegate.
 * @throws {ConfigurationError} if the delegate is not an authenticator.
 */
export function around<A extends AnyAuthenticator>(
  name: string,
  delegate: A,
  decide: <B extends AnyAuthenticator, C>(
    delegate: B,
    ask: Ask<B, C>,
    credential: C,
    context: Context,
  ) => Answer,
): A {
  requireOneKind([delegate], () => 'delegate')
  return compose(
    name,
    [delegate],
    ([only], ask, credential, context) => only && decide(only, ask, credential, context),
  )
}

/** Refuses authenticators of different kinds. @throws {ConfigurationError} with those that are not of the most frequent kind. */
function requireOneKind(
  authenticators: readonly unknown[],
  pathOf = (index: number): string => `authenticators[${index}]`,
): void {
  const [fewest = []] = [aRequestAuthenticator, aTokenAuthenticator, aPasswordAuthenticator]
    .map((check) => authenticators.flatMap((each, index) => check(each, pathOf(index))))
    .toSorted((one, other) => one.length - other.length)
  refuseProblems(fewest)
}

function noOpinion(name: string): Authenticator & TokenAuthenticator & PasswordAuthenticator {
  const answer = (): undefined => undefined
  return { name, authenticate: answer, authenticateToken: answer, authenticatePassword: answer }
}

function combinedCredentials(delegates: readonly Authenticator[]): CredentialDescription {
  const described = delegates.map((delegate) => delegate.credentials).filter((each) => each !== undefined)
  return {
    schemes: [...new Set(described.flatMap((each) => each.schemes))],
    proofAlgorithms: [...new Set(described.flatMap((each) => each.proofAlgorithms ?? []))],
    identityHeaders: described.flatMap((each) => each.identityHeaders ?? []),
    peerCertificates: described.some((each) => each.peerCertificates),
    tlsClientAuth: described.some((each) => each.tlsClientAuth),
    known: described.flatMap((each) => each.known ?? []),
    trustedOrigins: [...new Set(described.flatMap((each) => each.trustedOrigins ?? []))],
    proxyAuthorities: described.flatMap((each) => each.proxyAuthorities ?? []),
  }
}

function isAuthenticator(authenticator: AnyAuthenticator): authenticator is Authenticator {
  return 'authenticate' in authenticator
}

function isTokenAuthenticator(authenticator: AnyAuthenticator): authenticator is TokenAuthenticator {
  return 'authenticateToken' in authenticator
}

function isPasswordAuthenticator(authenticator: AnyAuthenticator): authenticator is PasswordAuthenticator {
  return 'authenticatePassword' in authenticator
}
