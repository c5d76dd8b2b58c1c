import { andThen } from '../../internal/awaitable.ts'
import { type Clock, systemClock } from '../../internal/clock.ts'
import { unavailable } from '../../authenticator/errors.ts'
import { maxAgeSeconds } from '../../internal/http/cache-control.ts'
import { keptFault } from '../../internal/http/fault.ts'
import type { GetFetch } from '../../internal/http/get-fetch.ts'
import { getText } from '../../internal/http/get-text.ts'
import {
  above,
  aClock,
  aFunction,
  aString,
  checkOptions,
  type OptionsShape,
  required,
  wholeNumber,
} from '../../internal/options/index.ts'
import { BUSY_SECONDS } from '../../internal/retry-after.ts'
import { tell } from '../../authenticator/tell.ts'
import { parseJwks } from './json-web-key-set.ts'
import { isSignedByOneOf, issuerKeys, type IssuerKeys, type KeySet, notSigned } from './key-set.ts'
import { limitedFetch } from './limited-fetch.ts'
import type { UnverifiedJwt } from './read-jwt.ts'

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

const shape: OptionsShape<RemoteKeySetOptions> = {
  url: required(aString),
  fetch: aFunction,
  clock: aClock,
  timeoutSeconds: above(0),
  maxBytes: wholeNumber(1),
  onFetch: aFunction,
}

/** How long a set counts as fresh when its issuer does not say, and the least and most that the issuer can say, in milliseconds. */
const FRESH_MS = { unsaid: 600_000, least: 300_000, most: 86_400_000 }

/**
 * The keys that an issuer publishes, fetched when the first token needs them.
 *
 * A key that is known verifies, also while the issuer is down. A token that no known key has signed makes the keys be fetched again,
 * whatever their age, so that an issuer may change its keys at any time; all who wait share one fetch. Old keys are fetched again too
 * while they are still used, so that a withdrawn key does not count for ever. However many tokens come, three fetches are made at
 * once and then one every five seconds at most; tokens of unknown keys wait for the next one, up to 256 of them, and where more wait a
 * token is *unavailable*, with a time to try again. A token that names a known key which has not signed it waits for a fetch that may begin at once,
 * and is refused where there was one in the last five seconds.
 *
 * Source: coreos/go-oidc `oidc/jwks.go` (`RemoteKeySet`).
 *
 * Deviation: fetches are limited, and an issuer's `max-age` does not put off the first look at new keys (`docs/deviations.md`, keys of
 * issuers).
 *
 * @throws {ConfigurationError} when an option cannot work.
 * @example
 * const keySet = remoteKeySet({ url: 'https://issuer.example.com/jwks' })
 */
export function remoteKeySet(options: RemoteKeySetOptions): KeySet {
  checkOptions(shape, options)
  const { url, clock = systemClock, timeoutSeconds = 10, maxBytes = 1_048_576, onFetch } = options
  // Looked up with each call, so that whoever replaces the global one is heard.
  const { fetch = (input, init) => globalThis.fetch(input, init) } = options
  let keys: IssuerKeys = issuerKeys([])
  let staleAtMs = -Infinity
  let lastError: Error | undefined
  /** When the last fetch ended, well or not. */
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

  /** Verifies a token that no key of a set has signed, by the keys that come after them. */
  const verifyWithOthers = async (jwt: UnverifiedJwt, unfit: IssuerKeys): Promise<void> => {
    let tried = unfit
    const isSignedByAnother = async (): Promise<boolean> => {
      if (keys === tried) return false
      tried = keys
      return isSignedByOneOf(tried, jwt)
    }
    // A fetch that began before this token came may miss a key that is there by now.
    const mayMiss = fetching.isUnderWay()
    let isSure = await fetching.next()
    if (await isSignedByAnother()) return
    // An issuer that hangs is waited for once.
    if (mayMiss && lastError === undefined) {
      isSure = await fetching.next()
      if (await isSignedByAnother()) return
    }
    if (lastError !== undefined) throw notFetched(lastError)
    throw isSure ? notSigned : notFetched(new Error('too many tokens of unknown keys'), BUSY_SECONDS)
  }

  /**
   * A key that the token names is there, and has not signed it. Issuers that give a new key the name of an old one are looked at again,
   * but no token waits until that is allowed: an attacker can name any key.
   */
  const verifyUnderSameName = (jwt: UnverifiedJwt, unfit: IssuerKeys): Promise<void> => {
    const isDue = clock.now() - fetchedAtMs >= SAME_NAME_MS
    if (!isDue || !(fetching.isUnderWay() || fetching.isAllowed())) throw notSignedHere()
    return fetching.refresh().then(async () => {
      if (keys === unfit || !(await isSignedByOneOf(keys, jwt))) throw notSignedHere()
    })
  }

  /** Where the last fetch failed, it cannot be told. */
  const notSignedHere = (): Error => (lastError === undefined ? notSigned : notFetched(lastError))

  return {
    verify(jwt) {
      const tried = keys
      return andThen<boolean, void>(isSignedByOneOf(tried, jwt), (isSigned) => {
        // Keys that verify are looked at again, and if that fails they stay.
        if (isSigned) return clock.now() < staleAtMs ? undefined : fetching.inBackground()
        return tried.byId.has(jwt.keyId) && jwt.keyId !== ''
          ? verifyUnderSameName(jwt, tried)
          : verifyWithOthers(jwt, tried)
      })
    },
  }
}

/** How long after a fetch a key that has not signed what names it is not looked at again. */
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
