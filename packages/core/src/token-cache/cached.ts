import type { Authentication, TokenAuthenticator } from '../authenticator.ts'
import type { Awaitable } from '../awaitable.ts'
import { type Clock, systemClock } from '../clock.ts'
import type { Context } from '../context.ts'
import { rejected, unavailable } from '../errors.ts'
import { notify } from '../events.ts'
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
} from '../options/index.ts'
import { BUSY_SECONDS } from '../retry-after.ts'
import { canWorkInBackground } from '../runtime.ts'
import { verdictCache } from '../verdict-cache.ts'
import { tokenCacheKey } from './cache-key.ts'
import { answer, GONE, type Lookup, type LookupResult, startLookup } from './lookup.ts'

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
  const clock = options.clock ?? systemClock
  const successTtlMs = (options.successTtlSeconds ?? 10) * 1000
  const failureTtlMs = (options.failureTtlSeconds ?? 0) * 1000
  const timeoutMs = (options.lookupTimeoutSeconds ?? 30) * 1000
  let hmacKey: Uint8Array | undefined
  const remembered = verdictCache<LookupResult>(clock, options.maxEntries ?? 32_768)
  // Where a lookup ends with its request and without a word, it would count for ever.
  const maxLookups = canWorkInBackground() ? (options.maxLookups ?? 1024) : Infinity
  const lookups = new Map<string, Lookup>()

  const ttlOf = (lookup: LookupResult): number => {
    if (lookup.error !== undefined) return options.cacheErrors === true ? failureTtlMs : 0
    return lookup.authentication === undefined ? failureTtlMs : successTtlMs
  }

  const remember = (key: string, result: LookupResult): void => {
    const now = clock.now()
    const expiresAtMs = Math.min(now + ttlOf(result), result.authentication?.expiresAtMs ?? Infinity)
    if (!(expiresAtMs > now)) return
    remembered.remember(
      key,
      result,
      result.authentication === undefined ? 'refused' : 'accepted',
      expiresAtMs,
    )
  }

  const begin = (key: string, token: string, context: Context): Lookup => {
    if (lookups.size >= maxLookups) {
      throw unavailable('too many tokens are being looked up', { retryAfterSeconds: BUSY_SECONDS })
    }
    const lookup = startLookup(delegate, token, context, { clock, timeoutMs })
    lookups.set(key, lookup)
    void lookup.result.then((result) => {
      if (forget(key, lookup)) remember(key, result)
    })
    return lookup
  }

  /** `false` where another one took its place. */
  const forget = (key: string, lookup: Lookup): boolean => lookups.get(key) === lookup && lookups.delete(key)

  const lookUp = async (
    key: string,
    token: string,
    context: Context,
  ): Promise<Authentication | undefined> => {
    const lookup = lookups.get(key) ?? begin(key, token, context)
    const found = await lookup.join(context)
    if (found !== GONE) return found
    forget(key, lookup)
    return lookUp(key, token, context)
  }

  return {
    name: `cached(${delegate.name})`,
    audienceAware: delegate.audienceAware ?? false,
    authenticateToken(token, context): Awaitable<Authentication | undefined> {
      if (context.audiences?.length === 0) throw rejected('no token is valid for an empty list of audiences')
      const { observer } = context
      const start = observer === undefined ? 0 : performance.now()
      // Not before it is needed: on some runtimes there is no randomness outside of a request.
      hmacKey ??= crypto.getRandomValues(new Uint8Array(32))
      const key = tokenCacheKey(hmacKey, token, context.audiences)
      const known = remembered.get(key)
      if (observer !== undefined) {
        notify(observer, {
          type: 'tokenCacheRequest',
          status: known === undefined ? 'miss' : 'hit',
          durationSeconds: (performance.now() - start) / 1000,
        })
      }
      return known === undefined ? lookUp(key, token, context) : answer(known, context)
    },
  }
}
