import { andThen } from '../../internal/awaitable.ts'
import { type Clock, systemClock } from '../../internal/clock.ts'
import { unavailable } from '../../authenticator/errors.ts'
import { maxAgeSeconds } from '../../internal/http/cache-control.ts'
import { keptFault } from '../../internal/http/fault.ts'
import type { GetFetch } from '../../internal/http/get-fetch.ts'
import { getText } from '../../internal/http/get-text.ts'
import { BUSY_SECONDS } from '../../internal/retry-after.ts'
import { tell } from '../../internal/tell.ts'
import { parseJwks } from './json-web-key-set.ts'
import { isSignedByOneOf, issuerKeys, type IssuerKeys, type KeySet, NO_KEYS, notSigned } from './key-set.ts'
import { limitedFetch } from './limited-fetch.ts'
import type { UnverifiedJwt } from './read-jwt.ts'

/** Options of {@link remoteKeySet}. */
export interface RemoteKeySetOptions {
  /** The https URL of the JWK set. */
  readonly url: string
  /** Default: the runtime's `fetch`. */
  readonly fetch?: GetFetch
  /** Default: the runtime's clock. */
  readonly clock?: Clock
  /** Time limit of one fetch. Default 10. */
  readonly timeoutSeconds?: number
  /** Size limit of the set. Default 1,048,576. */
  readonly maxBytes?: number
  /** Called after every fetch with the JSON of the set, or the error. */
  readonly onFetch?: (result: { readonly jwks: string } | { readonly error: Error }) => void
}

/** How long a set is fresh, in milliseconds: without `max-age`, and the bounds of `max-age`. */
const FRESH_MS = { unsaid: 600_000, least: 300_000, most: 86_400_000 }

/**
 * The keys that an issuer publishes, fetched when the first token needs them.
 *
 * Known keys keep verifying tokens, even while the issuer is down. A token that no known key verifies triggers a fetch regardless of the
 * age of the keys, so that an issuer may rotate its keys at any time; concurrent requests share one fetch. Stale keys in use are refetched
 * too, so that a withdrawn key stops counting.
 *
 * Fetches are limited to a burst of three, then one every five seconds. Up to 256 tokens with unknown keys wait for the next fetch; further
 * ones are *unavailable*, with a retry time. A token that names a known key but is not signed with it may trigger a fetch if one is allowed
 * immediately; it is refused if the last fetch was less than five seconds ago.
 *
 * Source: coreos/go-oidc `oidc/jwks.go` (`RemoteKeySet`).
 *
 * Deviation: fetches are limited, and the `max-age` of an issuer does not delay fetching new keys (`docs/deviations.md`, keys of issuers).
 *
 * @example
 * const keySet = remoteKeySet({ url: 'https://issuer.example.com/jwks' })
 */
export function remoteKeySet(options: RemoteKeySetOptions): KeySet {
  const { url, clock = systemClock, timeoutSeconds = 10, maxBytes = 1_048_576, onFetch } = options
  // Looked up on each call, so that a replaced global fetch is used.
  const { fetch = (input, init) => globalThis.fetch(input, init) } = options
  let keys: IssuerKeys = NO_KEYS
  let staleAtMs = -Infinity
  let lastError: Error | undefined
  /** When the last fetch ended, successfully or not. */
  let fetchedAtMs = -Infinity

  const fetchKeys = async (): Promise<void> => {
    try {
      const headers = { accept: 'application/jwk-set+json, application/json' }
      const { status, header, text } = await getText(url, { fetch, clock, timeoutSeconds, maxBytes, headers })
      if (status !== 200) throw new Error(`HTTP status ${status}`)
      keys = issuerKeys(parseJwks(text))
      staleAtMs = clock.now() + freshMs(header('cache-control'))
      lastError = undefined
      tell(onFetch, { jwks: text })
    } catch (thrown) {
      lastError = keptFault(thrown)
      tell(onFetch, { error: lastError })
    } finally {
      fetchedAtMs = clock.now()
    }
  }

  const fetching = limitedFetch({
    work: fetchKeys,
    hasFailed: () => lastError !== undefined,
    clock,
    timeoutSeconds,
  })

  /** Fetches newer keys to verify a token that no key in `unfit` verifies. */
  const verifyWithOthers = async (jwt: UnverifiedJwt, unfit: IssuerKeys): Promise<void> => {
    let tried = unfit
    const isSignedByAnother = async (): Promise<boolean> => {
      if (keys === tried) return false
      tried = keys
      return isSignedByOneOf(tried, jwt)
    }
    // A fetch that began before this token arrived may miss a newer key.
    const mayMiss = fetching.isUnderWay()
    let isSure = await fetching.next()
    if (await isSignedByAnother()) return
    // Do not wait twice for an issuer that hangs.
    if (mayMiss && lastError === undefined) {
      isSure = await fetching.next()
      if (await isSignedByAnother()) return
    }
    if (lastError !== undefined) throw notFetched(lastError)
    throw isSure ? notSigned() : notFetched(new Error('too many tokens with unknown keys'), BUSY_SECONDS)
  }

  /**
   * Handles a token whose `kid` is known but whose signature does not match. The issuer may have reused the `kid` for a new key, so the
   * keys are refetched, but the token never waits for its turn: an attacker can name any key.
   */
  const verifyUnderSameName = (jwt: UnverifiedJwt, unfit: IssuerKeys): Promise<void> => {
    const isDue = clock.now() - fetchedAtMs >= SAME_NAME_MS
    if (!isDue || !(fetching.isUnderWay() || fetching.isAllowed())) throw notSignedHere()
    return fetching.refresh().then(async () => {
      if (keys === unfit || !(await isSignedByOneOf(keys, jwt))) throw notSignedHere()
    })
  }

  /** If the last fetch failed, the token may be valid. */
  const notSignedHere = (): Error => (lastError === undefined ? notSigned() : notFetched(lastError))

  return {
    verify(jwt) {
      const tried = keys
      return andThen<boolean, void>(isSignedByOneOf(tried, jwt), (isSigned) => {
        // Refetch stale keys; if that fails, they are kept.
        if (isSigned) return clock.now() < staleAtMs ? undefined : fetching.inBackground()
        return tried.byId.has(jwt.keyId) && jwt.keyId !== ''
          ? verifyUnderSameName(jwt, tried)
          : verifyWithOthers(jwt, tried)
      })
    },
  }
}

/** Minimum age of the keys before a mismatch under a known `kid` triggers a fetch. */
const SAME_NAME_MS = 5000

function notFetched(cause: Error, retryAfterSeconds?: number): Error {
  return unavailable(`failed to verify signature: fetching keys ${cause.message}`, {
    cause,
    ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
  })
}

function freshMs(cacheControl: string | undefined): number {
  const seconds = maxAgeSeconds(cacheControl)
  if (seconds === undefined) return FRESH_MS.unsaid
  return Math.min(Math.max(seconds * 1000, FRESH_MS.least), FRESH_MS.most)
}
