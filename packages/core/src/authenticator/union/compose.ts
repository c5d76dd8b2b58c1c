import type {
  AnyAuthenticator,
  Authentication,
  Authenticator,
  CredentialDescription,
  PasswordAuthenticator,
  TokenAuthenticator,
} from '../authenticator.ts'
import { andThen, type Awaitable } from '../../internal/awaitable.ts'
import { attempt, consult, type Opinion } from '../consult.ts'
import type { Context } from '../context.ts'
import { knownTokens } from '../known-credentials.ts'
import {
  aPasswordAuthenticator,
  aRequestAuthenticator,
  aTokenAuthenticator,
  refuseProblems,
} from '../../internal/options/index.ts'

type Answer = Awaitable<Authentication | undefined>

/** Asks one authenticator after the other about a credential. */
type Search = <A>(asked: readonly A[], ask: (one: A) => Awaitable<Opinion>) => Answer

/**
 * Combines authenticators of one kind.
 *
 * Without any authenticator the kind is unknown, so the result has all kinds and never has an opinion.
 */
export function compose<A extends AnyAuthenticator>(
  name: string,
  delegates: readonly A[],
  search: Search,
): A {
  // Each branch returns the kind that `A` is, which the type system cannot infer.
  return ofOneKind(name, delegates, search) as A
}

function ofOneKind(name: string, delegates: readonly AnyAuthenticator[], search: Search): AnyAuthenticator {
  if (delegates.length === 0) return noOpinion(name)
  const ofRequests = delegates.filter(isAuthenticator)
  if (ofRequests.length === delegates.length) {
    return {
      name,
      credentials: combinedCredentials(ofRequests),
      authenticate: (request, context) =>
        search(ofRequests, (each) => attempt(each, context, () => each.authenticate(request, context))),
    } satisfies Authenticator
  }
  const ofTokens = delegates.filter(isTokenAuthenticator)
  if (ofTokens.length === delegates.length) {
    return {
      name,
      audienceAware: ofTokens.some((each) => each.audienceAware),
      mayKnow: (token) => ofTokens.some((each) => each.mayKnow?.(token) ?? true),
      known: () => ofTokens.flatMap(knownTokens),
      authenticateToken: (token, context) =>
        search(ofTokens, (each) => attempt(each, context, () => each.authenticateToken(token, context))),
    } satisfies TokenAuthenticator
  }
  const ofPasswords = delegates.filter(isPasswordAuthenticator)
  return {
    name,
    authenticatePassword: (username, password, context) =>
      search(ofPasswords, (each) =>
        attempt(each, context, () => each.authenticatePassword(username, password, context)),
      ),
  } satisfies PasswordAuthenticator
}

/** Decides about a credential; `ask` asks the delegate. */
export type Decide = (ask: () => Answer, context: Context) => Answer

/**
 * Wraps an authenticator of any kind.
 *
 * @throws {ConfigurationError} if the delegate is not an authenticator.
 */
export function around<A extends AnyAuthenticator>(name: string, delegate: A, decide: Decide): A {
  requireOneKind([delegate], () => 'delegate')
  // Each branch returns the kind that `A` is, which the type system cannot infer.
  return decidedAround(name, delegate, decide) as A
}

/**
 * Wraps an authenticator of any kind and changes its answers.
 *
 * @throws {ConfigurationError} if the delegate is not an authenticator.
 */
export function withAnswers<A extends AnyAuthenticator>(
  name: string,
  delegate: A,
  change: (answer: Authentication) => Authentication,
): A {
  return around(name, delegate, (ask) => andThen(ask(), (answer) => answer && change(answer)))
}

function decidedAround(name: string, delegate: AnyAuthenticator, decide: Decide): AnyAuthenticator {
  if (isAuthenticator(delegate)) {
    return {
      name,
      credentials: combinedCredentials([delegate]),
      authenticate: (request, context) =>
        decide(() => consult(delegate, context, () => delegate.authenticate(request, context)), context),
    } satisfies Authenticator
  }
  if (isTokenAuthenticator(delegate)) {
    return {
      name,
      audienceAware: delegate.audienceAware ?? false,
      known: () => knownTokens(delegate),
      mayKnow: (token) => delegate.mayKnow?.(token) ?? true,
      authenticateToken: (token, context) =>
        decide(() => consult(delegate, context, () => delegate.authenticateToken(token, context)), context),
    } satisfies TokenAuthenticator
  }
  return {
    name,
    authenticatePassword: (username, password, context) =>
      decide(
        () => consult(delegate, context, () => delegate.authenticatePassword(username, password, context)),
        context,
      ),
  } satisfies PasswordAuthenticator
}

/**
 * Refuses authenticators of different kinds: reports those that are not of the most frequent kind.
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
