import type {
  AnyAuthenticator,
  Authentication,
  Authenticator,
  CredentialDescription,
  PasswordAuthenticator,
  TokenAuthenticator,
} from '../authenticator.ts'
import { knownTokens } from '../known-tokens.ts'
import type { Context } from '../context.ts'
import {
  type Deciding,
  onceDecided,
  opinionOf,
  opinionOfPassword,
  opinionOfToken,
  Refused,
  throwing,
} from '../opinion.ts'
import {
  aPasswordAuthenticator,
  aRequestAuthenticator,
  aTokenAuthenticator,
  refuseProblems,
} from '../../internal/options/index.ts'
import { firstOpinion } from './first-opinion.ts'

/**
 * Combines authenticators of one kind, which are asked in order: as `union` does or, with `failsFast`, as `failFast` does.
 *
 * Without any authenticator the kind is unknown, so the result has all kinds and never has an opinion.
 */
export function compose<A extends AnyAuthenticator>(
  name: string,
  delegates: readonly A[],
  failsFast: boolean,
): A {
  // Each branch returns the kind that `A` is, which the type system cannot infer.
  return ofOneKind(name, delegates, failsFast) as A
}

/** Decides about a credential; `ask` calls the delegate. */
export type Decide = (ask: () => Deciding, context: Context) => Deciding

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
  if (!isAuthenticator(delegate)) {
    return around(name, delegate, (ask) =>
      onceDecided(ask(), (opinion) =>
        opinion === undefined || opinion instanceof Refused ? opinion : change(opinion),
      ),
    )
  }
  // A union of one: called for every request, so it has no layer of its own. This is the kind that `A` is, which the type system cannot infer.
  return {
    name,
    credentials: combinedCredentials([delegate]),
    authenticate: throwing(firstOpinion([delegate], opinionOf, true, change)),
  } satisfies Authenticator as AnyAuthenticator as A
}

function decidedAround(name: string, delegate: AnyAuthenticator, decide: Decide): AnyAuthenticator {
  if (isAuthenticator(delegate)) {
    return {
      name,
      credentials: combinedCredentials([delegate]),
      authenticate: throwing((request, context) =>
        decide(() => opinionOf(delegate, request, context), context),
      ),
    } satisfies Authenticator
  }
  if (isTokenAuthenticator(delegate)) {
    return {
      name,
      audienceAware: delegate.audienceAware ?? false,
      known: () => knownTokens(delegate),
      mayKnow: (token) => delegate.mayKnow?.(token) ?? true,
      authenticateToken: throwing((token, context) =>
        decide(() => opinionOfToken(delegate, token, context), context),
      ),
    } satisfies TokenAuthenticator
  }
  return {
    name,
    authenticatePassword: throwing((username, password, context) =>
      decide(() => opinionOfPassword(delegate, { username, password }, context), context),
    ),
  } satisfies PasswordAuthenticator
}

function ofOneKind(
  name: string,
  delegates: readonly AnyAuthenticator[],
  failsFast: boolean,
): AnyAuthenticator {
  if (delegates.length === 0) return noOpinion(name)
  const aboutRequests = delegates.filter(isAuthenticator)
  if (aboutRequests.length === delegates.length) {
    return {
      name,
      credentials: combinedCredentials(aboutRequests),
      authenticate: throwing(firstOpinion(aboutRequests, opinionOf, failsFast)),
    } satisfies Authenticator
  }
  const aboutTokens = delegates.filter(isTokenAuthenticator)
  if (aboutTokens.length === delegates.length) {
    return {
      name,
      audienceAware: aboutTokens.some((each) => each.audienceAware),
      mayKnow: (token) => aboutTokens.some((each) => each.mayKnow?.(token) ?? true),
      known: () => aboutTokens.flatMap(knownTokens),
      authenticateToken: throwing(firstOpinion(aboutTokens, opinionOfToken, failsFast)),
    } satisfies TokenAuthenticator
  }
  const ask = firstOpinion(delegates.filter(isPasswordAuthenticator), opinionOfPassword, failsFast)
  return {
    name,
    authenticatePassword: throwing((username, password, context) => ask({ username, password }, context)),
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
