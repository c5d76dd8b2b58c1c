import { LRUCache } from 'lru-cache'
import type { Authentication, TokenAuthenticator } from '../authenticator.ts'
import type { Awaitable } from '../awaitable.ts'
import { type Clock, systemClock } from '../clock.ts'
import type { Context } from '../context.ts'
import { rejected } from '../errors.ts'
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
  /** What is used least goes first beyond this. Default 32,768. */
  readonly maxEntries?: number
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
  lookupTimeoutSeconds: above(0),
  clock: aClock,
}

/**
 * Remembers what a token authenticator said of a token, for each list of audiences separately.
 *
 * Whoever asks while a lookup of the same token is under way waits for that one. It goes on when they give up, under a time
 * limit of its own. Warnings and audit annotations of a lookup come again with every remembered user.
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
  // Whether an entry is still good is decided here, by our clock: the ttl of lru-cache never ends on some runtimes.
  const entries = new LRUCache<string, Entry>({ max: options.maxEntries ?? 32_768 })
  const lookups = new Map<string, Lookup>()

  const ttlOf = (lookup: LookupResult): number => {
    if (lookup.error !== undefined) return options.cacheErrors === true ? failureTtlMs : 0
    return lookup.authentication === undefined ? failureTtlMs : successTtlMs
  }

  const remember = (key: string, result: LookupResult): void => {
    const now = clock.now()
    const expiresAtMs = Math.min(now + ttlOf(result), result.authentication?.expiresAtMs ?? Infinity)
    if (expiresAtMs > now) entries.set(key, { ...result, expiresAtMs })
  }

  const freshEntry = (key: string): Entry | undefined => {
    const entry = entries.get(key)
    if (entry === undefined || clock.now() < entry.expiresAtMs) return entry
    entries.delete(key)
    return undefined
  }

  const begin = (key: string, token: string, context: Context): Lookup => {
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
      const entry = freshEntry(key)
      if (observer !== undefined) {
        notify(observer, {
          type: 'tokenCacheRequest',
          status: entry === undefined ? 'miss' : 'hit',
          durationSeconds: (performance.now() - start) / 1000,
        })
      }
      return entry === undefined ? lookUp(key, token, context) : answer(entry, context)
    },
  }
}

interface Entry extends LookupResult {
  readonly expiresAtMs: number
}
