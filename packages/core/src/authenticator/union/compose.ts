import type {
  AnyAuthenticator,
  Authenticator,
  CredentialDescription,
  PasswordAuthenticator,
  TokenAuthenticator,
} from '../authenticator.ts'
import { type Answer, type Ask, askPassword, askRequest, askToken } from '../consult.ts'
import type { Context } from '../context.ts'
import { knownTokens } from '../known-credentials.ts'
import {
  aPasswordAuthenticator,
  aRequestAuthenticator,
  aTokenAuthenticator,
  refuseProblems,
} from '../../internal/options/index.ts'

/** Decides about a credential with authenticators of one kind, each of which is asked with `ask`. */
export type Decide = <A extends AnyAuthenticator, C>(
  delegates: readonly A[],
  ask: Ask<A, C>,
  credential: C,
  context: Context,
) => Answer

/**
 * Combines authenticators of one kind to one of the same kind.
 *
 * Without any authenticator the kind is unknown, so the result has all kinds and never has an opinion.
 */
export function compose<A extends AnyAuthenticator>(
  name: string,
  delegates: readonly A[],
  decide: Decide,
): A {
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
