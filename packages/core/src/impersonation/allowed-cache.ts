import type { Attributes } from '../authorization/attributes.ts'
import type { Selector } from '../authorization/selectors/selector.ts'
import type { Clock } from '../internal/clock.ts'
import { keyedDigest } from '../internal/digest/keyed-digest.ts'
import { RecentMap } from '../internal/recent-map/recent-map.ts'
import type { UserInfo } from '../authenticator/user.ts'
import type { WantedUser } from './wanted-user.ts'

/** Remembers for a short while that something was allowed. What was refused is not remembered. */
export interface AllowedCache {
  has(key: string): boolean
  add(key: string): void
}

/** A cache of this size whose entries end after this time. Entries have no more in them than a digest. */
export function allowedCache(clock: Clock, ttlMs: number, maxEntries: number): AllowedCache {
  const expirations = new RecentMap<number>(maxEntries)
  return {
    has(key) {
      const expiresAtMs = expirations.get(key)
      if (expiresAtMs === undefined || clock.now() < expiresAtMs) return expiresAtMs !== undefined
      expirations.delete(key)
      return false
    },
    add(key) {
      if (ttlMs > 0) expirations.set(key, clock.now() + ttlMs)
    },
  }
}

/** Makes the keys of the caches. Whatever an answer may depend on is in them, each value apart from the next. */
export interface CacheKeys {
  /** Who is wanted, and by whom. */
  users(wanted: WantedUser, requester: UserInfo): string
  /** The request as well. `undefined` when it is not fully understood. */
  request(wanted: WantedUser, attributes: Attributes): string | undefined
}

/** Keys that are of the same length whatever a requester sends, under a digest that nobody can foresee. */
export function cacheKeys(): CacheKeys {
  const digest = keyedDigest()
  return {
    users: (wanted, requester) => digest(JSON.stringify([wantedParts(wanted), userParts(requester)])),
    request(wanted, attributes) {
      const { fieldSelector, labelSelector } = attributes
      if (fieldSelector?.error !== undefined || labelSelector?.error !== undefined) return undefined
      return digest(
        JSON.stringify([
          wantedParts(wanted),
          userParts(attributes.user),
          attributes.verb,
          attributes.resourceRequest,
          attributes.apiGroup,
          attributes.apiVersion,
          attributes.namespace,
          attributes.resource,
          attributes.subresource,
          attributes.name,
          attributes.path,
          selectorParts(fieldSelector),
          selectorParts(labelSelector),
        ]),
      )
    },
  }
}

function wantedParts({ username, uid, groups, extra }: WantedUser): unknown {
  return [username, uid, groups, sortedByKey([...extra])]
}

function userParts({ username, uid, groups, extra }: UserInfo): unknown {
  return [username, uid, groups, sortedByKey(Object.entries(extra))]
}

function sortedByKey(entries: [string, readonly string[]][]): unknown {
  return entries.toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
}

function selectorParts(selector: Selector | undefined): unknown {
  return selector?.requirements.map(({ key, operator, values }) => [key, operator, values]) ?? []
}
