import type { Clock } from '../../internal/clock.ts'

/** Options of {@link cached}. The defaults are those of kube-apiserver. */
export interface CachedOptions {
  /** How long a user is cached, but never beyond the expiry of the token. Default 10; 0 disables it. */
  readonly successTtlSeconds?: number
  /** How long it is cached that a token is unknown. Default 0: not at all. */
  readonly failureTtlSeconds?: number
  /** Whether to cache errors too, like unknown tokens. Default `false`, so that an outage has no after-effect. */
  readonly cacheErrors?: boolean
  /** How many users are cached, and separately how many failures; least recently used entries are evicted. A user of more than 4 KiB counts as several. Default 32,768. */
  readonly maxEntries?: number
  /**
   * How many different tokens are looked up at once. Beyond that, lookups fail at once as *unavailable*, with a retry delay. Default 1,024.
   * Cloudflare Workers have their own limit.
   */
  readonly maxConcurrent?: number
  /** The timeout of a lookup, for all callers that wait for it. Default 30. */
  readonly timeoutSeconds?: number
  readonly clock?: Clock
}
