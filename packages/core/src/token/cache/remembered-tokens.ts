import type { Authentication, TokenAuthenticator } from '../../authenticator/authenticator.ts'
import { andThen, type Awaitable } from '../../internal/awaitable.ts'
import { type Clock, systemClock } from '../../internal/clock.ts'
import type { Context } from '../../authenticator/context.ts'
import { unavailable } from '../../authenticator/errors.ts'
import { notify } from '../../authenticator/notify.ts'
import { BUSY_SECONDS } from '../../internal/retry-after.ts'
import { canWorkInBackground } from '../../internal/runtime.ts'
import { entriesOf } from '../../internal/recent-map.ts'
import { type VerdictCache, verdictCache } from '../../internal/verdict-cache.ts'
import { answer, GONE, type Lookup, type LookupResult, lookUpToken } from './lookup.ts'

/** Options of `cached`. The defaults are those of kube-apiserver. */
export interface CachedOptions {
  /** How long a user is cached, but never beyond the expiry of the token. Default 10; 0 disables it. */
  readonly successTtlSeconds?: number
  /** How long it is cached that a token is unknown. Default 0: not at all. */
  readonly failureTtlSeconds?: number
  /** Whether to cache errors too, like unknown tokens. Default `false`, so that an outage has no after-effect. */
  readonly cacheErrors?: boolean
  /** How many users are cached, and separately how many failures; least recently used entries are evicted. A user of more than 4 KiB counts as several. Default 32,768. */
  readonly maxEntries?: number
  /** How many different tokens are looked up at once. Beyond that, lookups fail at once as *unavailable*, with a retry delay. Default 1,024. Cloudflare Workers have their own limit. */
  readonly maxConcurrent?: number
  /** The timeout of a lookup, for all callers that wait for it. Default 30. */
  readonly timeoutSeconds?: number
  readonly clock?: Clock
}

export interface RememberedToken {
  readonly result: LookupResult
  /** Whether no authenticator before this one may know the token, now or later. */
  readonly isItsAlone: boolean
}

/** The cache of one authenticator. The caller computes the keys. */
export class RememberedTokens {
  /** Its name in events. */
  readonly name: string
  readonly #delegate: TokenAuthenticator
  readonly #clock: Clock
  readonly #successTtlMs: number
  readonly #failureTtlMs: number
  readonly #keepsErrors: boolean
  readonly #limits: { readonly clock: Clock; readonly timeoutMs: number }
  readonly #maxConcurrent: number
  readonly #results: VerdictCache<RememberedToken>
  readonly #lookups = new Map<string, Lookup>()
  readonly #before: readonly TokenAuthenticator[]

  /** @param before the authenticators that precede it in a union. */
  constructor(
    delegate: TokenAuthenticator,
    options: CachedOptions,
    before: readonly TokenAuthenticator[] = [],
  ) {
    const { clock = systemClock } = options
    this.name = `cached(${delegate.name})`
    this.#delegate = delegate
    this.#before = before
    this.#clock = clock
    this.#successTtlMs = (options.successTtlSeconds ?? 10) * 1000
    this.#failureTtlMs = (options.failureTtlSeconds ?? 0) * 1000
    this.#keepsErrors = options.cacheErrors === true
    this.#limits = { clock, timeoutMs: (options.timeoutSeconds ?? 30) * 1000 }
    // On runtimes that drop a lookup with its request, it would never be uncounted.
    this.#maxConcurrent = canWorkInBackground() ? (options.maxConcurrent ?? 1024) : Infinity
    this.#results = verdictCache(clock, options.maxEntries ?? 32_768)
  }

  /** The cached result of a token, unless it has expired. */
  get(key: string): RememberedToken | undefined {
    return this.#results.get(key)
  }

  /** Authenticates a token, from the cache or by a lookup. */
  ask(key: string, token: string, context: Context): Awaitable<Authentication | undefined> {
    const { observer } = context
    const start = observer === undefined ? 0 : performance.now()
    const known = this.#results.get(key)
    if (observer !== undefined) {
      notify(observer, {
        type: 'tokenCacheRequest',
        status: known === undefined ? 'miss' : 'hit',
        durationSeconds: (performance.now() - start) / 1000,
      })
    }
    return known === undefined ? this.#lookUp(key, token, context) : this.#answer(known, key, token, context)
  }

  /** The cached answer, unless the credential was revoked: then it is looked up again. */
  #answer(
    known: RememberedToken,
    key: string,
    token: string,
    context: Context,
  ): Awaitable<Authentication | undefined> {
    const revocation = known.result.authentication?.revocation
    if (revocation === undefined) return answer(known.result, context)
    return andThen<unknown, Authentication | undefined>(revocation.isRevoked(), (isRevoked) => {
      if (isRevoked === false) return answer(known.result, context)
      if (this.#results.get(key) === known) this.#results.forget(key)
      return this.#lookUp(key, token, context)
    })
  }

  #lookUp(key: string, token: string, context: Context): Awaitable<Authentication | undefined> {
    const underWay = this.#lookups.get(key)
    if (underWay !== undefined) return this.#join(underWay, key, token, context)
    if (this.#lookups.size >= this.#maxConcurrent) {
      throw unavailable('too many tokens are being looked up', { retryAfterSeconds: BUSY_SECONDS })
    }
    const found = lookUpToken(this.#delegate, token, context, this.#limits)
    if (!('result' in found)) {
      this.#remember(key, token, found)
      return answer(found, context)
    }
    this.#lookups.set(key, found)
    void found.result.then((result) => {
      if (this.#forget(key, found)) this.#remember(key, token, result)
    })
    return this.#join(found, key, token, context)
  }

  async #join(
    lookup: Lookup,
    key: string,
    token: string,
    context: Context,
  ): Promise<Authentication | undefined> {
    const found = await lookup.join(context)
    if (found !== GONE) return found
    this.#forget(key, lookup)
    return this.#lookUp(key, token, context)
  }

  /** Returns `false` if another lookup has replaced this one. */
  #forget(key: string, lookup: Lookup): boolean {
    return this.#lookups.get(key) === lookup && this.#lookups.delete(key)
  }

  #remember(key: string, token: string, result: LookupResult): void {
    const ttlMs = this.#ttlMsOf(result)
    if (ttlMs === 0) return
    const nowMs = this.#clock.now()
    const expiresAtMs = Math.min(nowMs + ttlMs, result.authentication?.expiresAtMs ?? Infinity)
    if (!(expiresAtMs > nowMs)) return
    const kind = result.authentication === undefined ? 'refused' : 'accepted'
    const remembered = { result, isItsAlone: this.#isItsAlone(token) }
    this.#results.remember(key, remembered, kind, expiresAtMs, entriesOf(lengthOf(result)))
  }

  #isItsAlone(token: string): boolean {
    try {
      return this.#before.every((each) => each.mayKnow?.(token) === false)
    } catch {
      // If `mayKnow` throws, the authenticator must be asked.
      return false
    }
  }

  #ttlMsOf({ error, authentication }: LookupResult): number {
    if (error !== undefined) return this.#keepsErrors ? this.#failureTtlMs : 0
    return authentication === undefined ? this.#failureTtlMs : this.#successTtlMs
  }
}

/** About how many characters are kept of a result: a user may have as many groups as a token can hold. */
function lengthOf({ authentication, error }: LookupResult): number {
  if (authentication === undefined) return error?.message.length ?? 0
  const { username, uid, groups, extra } = authentication.user
  return [username, uid, ...groups, ...Object.entries(extra).flat(2)].reduce(
    (length, each) => length + each.length + CHARACTERS_OF_A_STRING,
    0,
  )
}

/** Each string takes as much memory besides. */
const CHARACTERS_OF_A_STRING = 32
