import type {
  AnyAuthenticator,
  Authentication,
  Authenticator,
  CredentialDescription,
  PasswordAuthenticator,
  TokenAuthenticator,
} from '../authenticator.ts'
import { andThen, type Awaitable } from '../awaitable.ts'
import { consult, consultPassword, consultToken } from '../consult.ts'
import { knownTokens } from '../known-tokens.ts'
import type { Context } from '../context.ts'
import {
  aPasswordAuthenticator,
  aRequestAuthenticator,
  aTokenAuthenticator,
  refuseProblems,
} from '../options/index.ts'

type Answer = Awaitable<Authentication | undefined>

/** Decides about a credential by asking delegates; `ask` asks one of them about the credential at hand. */
export type Decide<A> = (ask: (delegate: A) => Answer, context: Context) => Answer

/**
 * Makes one authenticator of several, of whatever kind they are.
 *
 * Without any there is no kind to go by, and the result has no opinion on credentials of every kind.
 *
 * @throws {ConfigurationError} when kinds are mixed.
 */
export function compose<A extends AnyAuthenticator>(
  name: string,
  delegates: readonly A[],
  decide: Decide<A>,
): A {
  // Each branch makes what `A` is, which the type system cannot follow through a type parameter.
  return ofOneKind(name, delegates, decide) as A
}

/**
 * An authenticator whose answers are changed, of whatever kind it is.
 *
 * @throws {ConfigurationError} when it is no authenticator.
 */
export function withAnswers<A extends AnyAuthenticator>(
  name: string,
  delegate: A,
  change: (answer: Authentication | undefined) => Authentication | undefined,
): A {
  requireOneKind([delegate], () => 'delegate')
  // Each branch makes what `A` is, which the type system cannot follow through a type parameter.
  return changing(name, delegate, change) as A
}

function changing(
  name: string,
  delegate: AnyAuthenticator,
  change: (answer: Authentication | undefined) => Authentication | undefined,
): AnyAuthenticator {
  if (isAuthenticator(delegate)) {
    return {
      name,
      credentials: combinedCredentials([delegate]),
      authenticate: (request, context) => andThen(consult(delegate, request, context), change),
    } satisfies Authenticator
  }
  if (isTokenAuthenticator(delegate)) {
    return {
      name,
      audienceAware: delegate.audienceAware ?? false,
      known: () => knownTokens(delegate),
      authenticateToken: (token, context) => andThen(consultToken(delegate, token, context), change),
    } satisfies TokenAuthenticator
  }
  return {
    name,
    authenticatePassword: (username, password, context) =>
      andThen(consultPassword(delegate, username, password, context), change),
  } satisfies PasswordAuthenticator
}

function ofOneKind<A extends AnyAuthenticator>(
  name: string,
  delegates: readonly A[],
  decide: Decide<A>,
): AnyAuthenticator {
  const all: readonly AnyAuthenticator[] = delegates
  if (delegates.length === 0) return noOpinion(name)
  const aboutRequests = all.filter(isAuthenticator)
  if (aboutRequests.length === delegates.length) {
    return {
      name,
      credentials: combinedCredentials(aboutRequests),
      authenticate: (request, context) =>
        decide((each) => (isAuthenticator(each) ? consult(each, request, context) : undefined), context),
    } satisfies Authenticator
  }
  const aboutTokens = all.filter(isTokenAuthenticator)
  if (aboutTokens.length === delegates.length) {
    return {
      name,
      audienceAware: aboutTokens.some((each) => each.audienceAware),
      mayKnow: (token) => aboutTokens.some((each) => each.mayKnow?.(token) ?? true),
      known: () => aboutTokens.flatMap(knownTokens),
      authenticateToken: (token, context) =>
        decide(
          (each) => (isTokenAuthenticator(each) ? consultToken(each, token, context) : undefined),
          context,
        ),
    } satisfies TokenAuthenticator
  }
  return {
    name,
    authenticatePassword: (username, password, context) =>
      decide(
        (each) =>
          isPasswordAuthenticator(each) ? consultPassword(each, username, password, context) : undefined,
        context,
      ),
  } satisfies PasswordAuthenticator
}

/**
 * Refuses authenticators that are not all of one kind: those that are not of the kind that most of them are.
 *
 * @throws {ConfigurationError}
 */
export function requireOneKind(
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
    identityHeaders: described.flatMap((each) => each.identityHeaders ?? []),
    peerCertificates: described.some((each) => each.peerCertificates),
    tlsClientAuth: described.some((each) => each.tlsClientAuth),
    known: described.flatMap((each) => each.known ?? []),
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
