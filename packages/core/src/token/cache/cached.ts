import type { Authentication, TokenAuthenticator } from '../../authenticator/authenticator.ts'
import type { Awaitable } from '../../internal/awaitable.ts'
import type { Clock } from '../../internal/clock.ts'
import { knownTokens } from '../../authenticator/known-tokens.ts'
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
import { type TokenCacheKeys, tokenCacheKeys } from './cache-key.ts'
import { RememberedTokens } from './remembered-tokens.ts'

/** Options of {@link cached}. The defaults are those of kube-apiserver's own cache. */
export interface CachedOptions {
  /** How long a user is kept; never longer than the token itself says it is valid. Default 10; 0 keeps none. */
  readonly successTtlSeconds?: number
  /** How long it is kept that nobody knew the token. Default 0: not at all. */
  readonly failureTtlSeconds?: number
  /** Keep errors too, as failures. Default `false`: an outage is over as soon as it is over. */
  readonly cacheErrors?: boolean
  /** How many users are kept, and how many failures beside them; what was used longest ago goes first. Default 32,768. */
  readonly maxEntries?: number
  /**
   * How many different tokens are looked up at once; beyond that a lookup is *unavailable* at once, and may be asked for again. Default
   * 1,024; Workers bound that themselves.
   */
  readonly maxLookups?: number
  /** How long one lookup may take, for everybody who waits for it. Default 30. */
  readonly lookupTimeoutSeconds?: number
  readonly clock?: Clock
}

/** The checks of {@link CachedOptions}, for packages that have them as an option. */
export const cachedShape: OptionsShape<CachedOptions> = {
  successTtlSeconds: atLeast(0),
  failureTtlSeconds: atLeast(0),
  cacheErrors: aBoolean,
  maxEntries: wholeNumber(1),
  maxLookups: wholeNumber(1),
  lookupTimeoutSeconds: above(0),
  clock: aClock,
}

/**
 * Remembers what a token authenticator said of a token, for each list of audiences separately.
 *
 * Whoever asks while a lookup of the same token is under way waits for that one. It goes on when they give up, under a time
 * limit of its own. Warnings and audit annotations of a lookup come again with every remembered user. Failures never take the place of
 * users.
 *
 * Source: apiserver `pkg/authentication/token/cache`.
 *
 * Deviation: bounded, cut to the token's own expiry, and an empty list of audiences is refused (`docs/deviations.md`, token
 * cache).
 *
 * @throws {ConfigurationError} when a number cannot work.
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

/**
 * Refuses an empty list of audiences.
 *
 * @throws {AuthenticationError} `rejected`
 */
export function refuseNoAudiences({ audiences }: Context): void {
  if (audiences?.length === 0) throw rejected('no token is valid for an empty list of audiences')
}

/** Keys under a random key that is not made before it is needed: on some runtimes there is no randomness outside of a request. */
export function lazyKeys(): TokenCacheKeys {
  let keys: TokenCacheKeys | undefined
  return (token, audiences) => {
    keys ??= tokenCacheKeys(crypto.getRandomValues(new Uint8Array(32)))
    return keys(token, audiences)
  }
}
