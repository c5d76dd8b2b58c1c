import type { Authentication, TokenAuthenticator } from '../../authenticator/authenticator.ts'
import type { Awaitable } from '../../internal/awaitable.ts'
import { knownTokens } from '../../authenticator/known-credentials.ts'
import type { Context } from '../../authenticator/context.ts'
import { rejected } from '../../authenticator/errors.ts'
import {
  aBoolean,
  above,
  aClock,
  aTokenAuthenticator,
  atLeast,
  optionProblems,
  type OptionsShape,
  refuseProblems,
  wholeNumber,
} from '../../internal/options/index.ts'
import { tokenCacheKey } from './cache-key.ts'
import { type CachedOptions, RememberedTokens } from './remembered-tokens.ts'

/** The checks of {@link CachedOptions}, for packages that accept them as an option. */
export const cachedShape: OptionsShape<CachedOptions> = {
  successTtlSeconds: atLeast(0),
  failureTtlSeconds: atLeast(0),
  cacheErrors: aBoolean,
  maxEntries: wholeNumber(1),
  maxConcurrent: wholeNumber(1),
  timeoutSeconds: above(0),
  clock: aClock,
}

/**
 * Caches the results of a token authenticator, separately for each list of audiences.
 *
 * Concurrent callers with the same token share one lookup, which continues if a caller gives up and has its own timeout. Warnings and audit
 * annotations of a lookup are repeated with every cached user. Failures never evict users.
 *
 * Source: apiserver `pkg/authentication/token/cache`.
 *
 * Deviation: bounded, limited by the expiry of the token, and an empty list of audiences is refused (`docs/deviations.md`, token cache).
 *
 * @throws {ConfigurationError} if an option is invalid.
 * @example
 * const tokens = cached(serviceAccounts, { successTtlSeconds: 10 })
 */
export function cached(delegate: TokenAuthenticator, options: CachedOptions = {}): TokenAuthenticator {
  refuseProblems(aTokenAuthenticator(delegate, 'delegate'), optionProblems(cachedShape, options))
  const tokens = new RememberedTokens(delegate, options)
  const keyOf = lazyKeys()
  return {
    name: tokens.name,
    audienceAware: delegate.audienceAware ?? false,
    mayKnow: (token) => delegate.mayKnow?.(token) ?? true,
    known: () => knownTokens(delegate),
    authenticateToken(token, context): Awaitable<Authentication | undefined> {
      refuseNoAudiences(context)
      return tokens.ask(keyOf(token, context.audiences), token, context)
    },
  }
}

/** Refuses an empty list of audiences. @throws {AuthenticationError} `rejected` */
export function refuseNoAudiences({ audiences }: Context): void {
  if (audiences?.length === 0) throw rejected('no token is valid for an empty list of audiences')
}

/** Makes cache keys under a random key, which is created on first use: some runtimes have no randomness outside of requests. */
export function lazyKeys(): (token: string, audiences?: readonly string[]) => string {
  let hmacKey: Uint8Array | undefined
  return (token, audiences) => {
    hmacKey ??= crypto.getRandomValues(new Uint8Array(32))
    return tokenCacheKey(hmacKey, token, audiences)
  }
}
