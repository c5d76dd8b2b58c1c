import { type Clock, systemClock } from '../clock.ts'
import { unavailable } from '../errors.ts'
import { maxAgeSeconds } from '../http/cache-control.ts'
import type { GetFetch } from '../http/get-fetch.ts'
import { getText } from '../http/get-text.ts'
import { fetchLimit } from './fetch-limit.ts'
import { type IssuerKey, parseJwks } from './json-web-key-set.ts'
import { isSignedByOneOf, type KeySet, notSigned } from './key-set.ts'

/** Options of {@link remoteKeySet}. */
export interface RemoteKeySetOptions {
  /** Where the JWK set is: https. */
  readonly url: string
  /** Default: the runtime's. */
  readonly fetch?: GetFetch
  /** Default: the runtime's clock. */
  readonly clock?: Clock
  /** How long one fetch may take. Default 10. */
  readonly timeoutSeconds?: number
  /** A larger set is refused. Default 1,048,576. */
  readonly maxBytes?: number
  /** Told of every fetch: the text of the set, or why there is none. */
  readonly onFetch?: (result: { readonly jwks: string } | { readonly error: Error }) => void
}

/** How long a set counts as fresh when its issuer does not say, and the least and most that the issuer can say, in milliseconds. */
const FRESH_MS = { unsaid: 600_000, least: 300_000, most: 86_400_000 }

/**
 * The keys that an issuer publishes, fetched when the first token needs them.
 *
 * A key that is known verifies, also while the issuer is down. A token that no known key has signed makes the keys be fetched again,
 * whatever their age, so that an issuer may change its keys at any time; all who wait share one fetch. Old keys are fetched again too
 * while they are still used, so that a withdrawn key does not count for ever. However many tokens come, three fetches are made at
 * once and then one every five seconds at most; tokens of unknown keys wait for the next one, up to 256 of them, and where more wait it
 * cannot be told whether a token is good.
 *
 * Source: coreos/go-oidc `oidc/jwks.go` (`RemoteKeySet`).
 *
 * Deviation: fetches are limited, and an issuer's `max-age` does not put off the first look at new keys (`docs/deviations.md`, keys of
 * issuers).
 *
 * @example
 * const keySet = remoteKeySet({ url: 'https://issuer.example.com/jwks' })
 */
export function remoteKeySet(options: RemoteKeySetOptions): KeySet {
  const { url, clock = systemClock, timeoutSeconds = 10, maxBytes = 1_048_576, onFetch } = options
  // Looked up with each call, so that whoever replaces the global one is heard.
  const { fetch = (input, init) => globalThis.fetch(input, init) } = options
  const limit = fetchLimit()
  let keys: readonly IssuerKey[] = []
  let staleAtMs = -Infinity
  let lastError: Error | undefined
  let waiting = 0
  let underWay: { readonly startedAtMs: number; readonly done: Promise<void> } | undefined

  const fetchKeys = async (): Promise<void> => {
    try {
      const headers = { accept: 'application/jwk-set+json, application/json' }
      const { status, header, text } = await getText(url, { fetch, clock, timeoutSeconds, maxBytes, headers })
      if (status !== 200) throw new Error(`HTTP status ${status}`)
      keys = parseJwks(text)
      staleAtMs = clock.now() + freshMs(header('cache-control'))
      lastError = undefined
      tell({ jwks: text })
    } catch (error) {
      lastError = error instanceof Error ? error : new Error(String(error))
      tell({ error: lastError })
    }
  }

  const tell: NonNullable<typeof onFetch> = (result) => {
    try {
      onFetch?.(result)
    } catch {
      // Whoever is told reports their own faults.
    }
  }

  /** Never rejects; `undefined` when there was a fetch just now. */
  const refresh = (): Promise<void> | undefined => {
    const nowMs = clock.now()
    // On some runtimes a fetch ends without a word together with the request that began it.
    if (underWay !== undefined && nowMs - underWay.startedAtMs < timeoutSeconds * 1000) return underWay.done
    if (!limit.take(nowMs)) return undefined
    const flight = { startedAtMs: nowMs, done: fetchKeys() }
    underWay = flight
    void flight.done.then(() => {
      if (underWay === flight) underWay = undefined
    })
    return flight.done
  }

  /** Waits for a fetch, perhaps until there may be one. `false`: so many wait that this one does not. */
  const nextFetch = async (): Promise<boolean> => {
    let fetched = refresh()
    // An issuer that is down is not waited for.
    if (fetched === undefined && lastError === undefined) {
      if (waiting === MAX_WAITING) return false
      waiting++
      // Each by a timer of its own: on some runtimes it ends together with the request that began it.
      await new Promise<void>((resolve) => void clock.after(limit.waitMs(clock.now()), resolve))
      waiting--
      fetched = refresh()
    }
    await fetched
    return true
  }

  return {
    async verify(jwt) {
      let tried = keys
      const isSignedByAnother = async (): Promise<boolean> => {
        if (keys === tried) return false
        tried = keys
        return isSignedByOneOf(tried, jwt)
      }
      if (await isSignedByOneOf(tried, jwt)) {
        // Nobody waits for it, and if it fails the keys stay.
        if (clock.now() >= staleAtMs) void refresh()
        return
      }
      // A fetch that began before this token came may miss a key that is there by now.
      const mayMiss = underWay !== undefined
      let isSure = await nextFetch()
      if (await isSignedByAnother()) return
      // An issuer that hangs is waited for once.
      if (mayMiss && lastError === undefined) {
        isSure = await nextFetch()
        if (await isSignedByAnother()) return
      }
      if (lastError !== undefined) throw notFetched(lastError)
      throw isSure ? notSigned() : notFetched(new Error('too many tokens of unknown keys'))
    },
  }
}

/** More tokens of unknown keys do not wait for keys at the same time. */
const MAX_WAITING = 256

function notFetched(cause: Error): Error {
  return unavailable(`failed to verify signature: fetching keys ${cause.message}`, { cause })
}

function freshMs(cacheControl: string | undefined): number {
  const seconds = maxAgeSeconds(cacheControl)
  if (seconds === undefined) return FRESH_MS.unsaid
  return Math.min(Math.max(seconds * 1000, FRESH_MS.least), FRESH_MS.most)
}
