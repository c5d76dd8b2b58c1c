import { andThen } from '../../internal/awaitable.ts'
import { type Clock, freshFor, systemClock } from '../../internal/clock.ts'
import { unavailable } from '../../authenticator/errors.ts'
import { keptFault } from '../../internal/http/fault.ts'
import { type GetFetch, getText, type GetTextOptions } from '../../internal/http/get-text.ts'
import { BUSY_SECONDS } from '../../internal/retry-after.ts'
import { tell } from '../../internal/tell.ts'
import { parseJwks, isSignedByOneOf, issuerKeys, type IssuerKeys, type KeySet, notSigned } from './key-set.ts'
import { limitedFetch } from './limited-fetch.ts'
import type { UnverifiedJwt } from './read-jwt.ts'

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

/** How long a set is fresh: without `max-age`, and the bounds of `max-age`. */
const FRESH_SECONDS = { unsaid: 600, least: 300, most: 86_400 }

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
 */
export function remoteKeySet(options: RemoteKeySetOptions): KeySet {
  const { clock = systemClock, timeoutSeconds = 10 } = options
  const fetched: Fetched = {
    keys: issuerKeys([]),
    isFresh: () => false,
    atMs: -Infinity,
    error: undefined,
  }
  const fetching = limitedFetch({
    work: () => fetchInto(fetched, options, { clock, timeoutSeconds }),
    hasFailed: () => fetched.error !== undefined,
    clock,
    timeoutSeconds,
  })

  /** Fetches newer keys to verify a token that no key in `unfit` verifies. */
  const verifyWithOthers = async (jwt: UnverifiedJwt, unfit: IssuerKeys): Promise<void> => {
    let tried = unfit
    const outcome = await fetching.search(async () => {
      if (fetched.keys === tried) return false
      tried = fetched.keys
      return isSignedByOneOf(tried, jwt)
    })
    if (outcome === 'found') return
    if (fetched.error !== undefined) throw notFetched(fetched.error)
    if (outcome === 'absent') throw notSigned()
    throw notFetched(new Error('too many tokens with unknown keys'), BUSY_SECONDS)
  }

  /**
   * Handles a token whose `kid` is known but whose signature does not match. The issuer may have reused the `kid` for a new key, so the
   * keys are refetched, but the token never waits for its turn: an attacker can name any key.
   */
  const verifyUnderSameName = (jwt: UnverifiedJwt, unfit: IssuerKeys): Promise<void> => {
    /** If the last fetch failed, the token may be valid. */
    const notSignedHere = (): Error => (fetched.error === undefined ? notSigned() : notFetched(fetched.error))
    // The clock may have been set back since.
    const isDue = Math.abs(clock.now() - fetched.atMs) >= SAME_NAME_MS
    if (!isDue || !(fetching.isUnderWay() || fetching.isAllowed())) throw notSignedHere()
    return fetching.refresh().then(async () => {
      if (fetched.keys === unfit || !(await isSignedByOneOf(fetched.keys, jwt))) throw notSignedHere()
    })
  }

  return {
    verify(jwt) {
      const tried = fetched.keys
      return andThen<boolean, void>(isSignedByOneOf(tried, jwt), (isSigned) => {
        // Refetch stale keys; if that fails, they are kept.
        if (isSigned) return fetched.isFresh() ? undefined : fetching.inBackground()
        return tried.byId.has(jwt.keyId) && jwt.keyId !== ''
          ? verifyUnderSameName(jwt, tried)
          : verifyWithOthers(jwt, tried)
      })
    },
  }
}

/** What the last fetch resulted in. */
interface Fetched {
  keys: IssuerKeys
  isFresh: () => boolean
  /** When it ended, successfully or not. */
  atMs: number
  error: Error | undefined
}

async function fetchInto(
  fetched: Fetched,
  { url, maxBytes = 1_048_576, onFetch, ...options }: RemoteKeySetOptions,
  limits: Pick<GetTextOptions, 'clock' | 'timeoutSeconds'>,
): Promise<void> {
  // Looked up on each call, so that a replaced global fetch is used.
  const { fetch = (input, init) => globalThis.fetch(input, init) } = options
  try {
    const headers = { accept: 'application/jwk-set+json, application/json' }
    const { status, header, text } = await getText(url, { ...limits, fetch, maxBytes, headers })
    if (status !== 200) throw new Error(`HTTP status ${status}`)
    fetched.keys = issuerKeys(parseJwks(text))
    fetched.isFresh = freshFor(limits.clock, freshMs(header('cache-control')))
    fetched.error = undefined
    tell(onFetch, { jwks: text })
  } catch (thrown) {
    fetched.error = keptFault(thrown)
    tell(onFetch, { error: fetched.error })
  } finally {
    fetched.atMs = limits.clock.now()
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
  const seconds = maxAgeSeconds(cacheControl) ?? FRESH_SECONDS.unsaid
  return Math.min(Math.max(seconds, FRESH_SECONDS.least), FRESH_SECONDS.most) * 1000
}

/**
 * How long a response with this `Cache-Control` is fresh, in seconds; `undefined` if the header does not say.
 *
 * Source: RFC 9111 section 5.2.2.
 */
export function maxAgeSeconds(cacheControl: string | undefined): number | undefined {
  if (cacheControl === undefined) return undefined
  const directives = cacheControl.split(',').map((directive) => directive.trim().toLowerCase())
  if (directives.includes('no-store') || directives.includes('no-cache')) return 0
  for (const directive of directives) {
    const [, seconds] = /^max-age="?(\d{1,10})"?$/.exec(directive) ?? []
    if (seconds !== undefined) return Number(seconds)
  }
  return undefined
}
