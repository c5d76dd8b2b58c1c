import { andThen } from '../../internal/awaitable.ts'
import { type Clock, systemClock } from '../../internal/clock.ts'
import { type ConfigurationProblem, unavailable } from '../../authenticator/errors.ts'
import { notify, type Observer } from '../../authenticator/events.ts'
import { signerCode } from '../../authenticator/external-signer-events.ts'
import { deadlineAfter } from '../../internal/http/deadline.ts'
import { limitedFetch } from '../jwt/limited-fetch.ts'
import type { VerificationKey } from '../jwt/verification-key.ts'
import {
  above,
  aClock,
  aFunction,
  checkOptions,
  type OptionsShape,
  required,
} from '../../internal/options/index.ts'
import { BUSY_SECONDS } from '../../internal/retry-after.ts'
import { canWorkInBackground } from '../../internal/runtime.ts'
import { isKeyId } from './key-id.ts'
import type { KeyLookup } from '../service-account/key-source.ts'

/** The keys that a signer has at a moment. */
export interface FetchedKeySet {
  readonly keys: readonly VerificationKey[]
  /** After how long they are to be fetched again, above 0. */
  readonly refreshAfterSeconds: number
  /** When they were read from where they are kept, in milliseconds since the epoch. */
  readonly dataTimeMs?: number
}

/** Options of {@link fetchedKeys}. */
export interface FetchedKeysOptions {
  /** Fetches all keys that tokens may be signed with. The signal is aborted when that takes too long. */
  readonly fetch: (options: { readonly signal: AbortSignal }) => Promise<FetchedKeySet>
  /** How long one fetch may take. Default 60. */
  readonly timeoutSeconds?: number
  /** Default: the runtime's clock. */
  readonly clock?: Clock
  /** Told of every fetch (`externalSigner`). */
  readonly observer?: Observer
}

const shape: OptionsShape<FetchedKeysOptions> = {
  fetch: required(aFunction),
  timeoutSeconds: above(0, 3600),
  clock: aClock,
  observer: aFunction,
}

/** Keys that are fetched again and again. */
export interface FetchedKeys extends KeyLookup {
  maxAgeSeconds(): number
  /** Ends the fetches. What is known by then stays. */
  close(): void
}

/**
 * Keys of service account tokens that are kept elsewhere: by a KMS, a vault or an external signer. They are fetched at once, again
 * when their time is over, and when a token names a key that is not known. Where that fails, the old ones stay, and it is tried again after ten
 * seconds.
 *
 * However many tokens with made-up keys come, three fetches are made at once and then one every five seconds at most; such tokens wait for the
 * next one, up to 256 of them, and where more wait a token is *unavailable*. A token whose key is known never waits.
 *
 * Source: kubernetes `pkg/serviceaccount/externaljwt/plugin/keycache.go`; KEP-740.
 *
 * Deviation: fetches are limited, and where one fails a token with an unknown key is *unavailable* (`docs/deviations.md`, keys of
 * signers).
 *
 * @throws {ConfigurationError} when an option cannot work; as a rejection, whatever the first fetch fails with.
 * @example
 * const keys = await fetchedKeys({
 *   fetch: async ({ signal }) => ({ keys: await keysOfKms(signal), refreshAfterSeconds: 300 }),
 * })
 */
export async function fetchedKeys(options: FetchedKeysOptions): Promise<FetchedKeys> {
  checkOptions(shape, options)
  const { fetch, timeoutSeconds = 60, clock = systemClock, observer } = options
  let keys: readonly VerificationKey[] = []
  let staleAtMs = -Infinity
  let lastError: Error | undefined
  let isClosed = false
  let cancelTimer = (): void => {}

  const fetchOnce = async (): Promise<FetchedKeySet> => {
    const deadline = deadlineAfter({
      milliseconds: timeoutSeconds * 1000,
      clock,
      caller: undefined,
      tooLate: (cause) => new Error('the keys did not come in time', { cause }),
    })
    try {
      const fetched = await deadline.race((signal) => fetch({ signal }))
      const [problem] = problemsOf(fetched)
      if (problem !== undefined) throw new Error(problem.message)
      return fetched
    } finally {
      deadline.end()
    }
  }

  const work = async (): Promise<void> => {
    try {
      const { keys: next, refreshAfterSeconds, dataTimeMs } = await fetchOnce()
      keys = Object.freeze([...next])
      staleAtMs = clock.now() + refreshAfterSeconds * 1000
      lastError = undefined
      const told = dataTimeMs === undefined ? {} : { dataTimeMs }
      notify(observer, { type: 'externalSigner', operation: 'fetchKeys', code: 'OK', ...told })
      refreshIn(refreshAfterSeconds * 1000)
    } catch (error) {
      lastError =
        error instanceof Error ? error : new Error('the keys could not be fetched', { cause: error })
      notify(observer, { type: 'externalSigner', operation: 'fetchKeys', code: signerCode(error) })
      refreshIn(RETRY_MS)
    }
  }

  const fetching = limitedFetch({ work, hasFailed: () => lastError !== undefined, clock, timeoutSeconds })

  /** On runtimes where nothing goes on between requests, old keys are fetched again when they are used. */
  const refreshIn = (milliseconds: number): void => {
    cancelTimer()
    if (isClosed || !canWorkInBackground()) return
    cancelTimer = clock.after(milliseconds, () => {
      if (fetching.isUnderWay()) return
      if (fetching.isAllowed()) void fetching.inBackground()
      else refreshIn(RETRY_MS)
    })
  }

  const named = (keyId: string): readonly VerificationKey[] =>
    keyId === '' ? keys : keys.filter(({ kid }) => kid === keyId)

  const findElsewhere = async (keyId: string): Promise<readonly VerificationKey[]> => {
    // A fetch that began before this token came may miss a key that is there by now.
    const mayMiss = fetching.isUnderWay()
    let isSure = await fetching.next()
    if (named(keyId).length === 0 && mayMiss && lastError === undefined) isSure = await fetching.next()
    const found = named(keyId)
    if (found.length > 0) return found
    if (lastError !== undefined)
      throw unavailable('the keys of the signer could not be fetched', { cause: lastError })
    if (!isSure) {
      throw unavailable('too many tokens of unknown keys', { retryAfterSeconds: BUSY_SECONDS })
    }
    return found
  }

  await fetching.refresh()
  if (lastError !== undefined) {
    cancelTimer()
    throw lastError
  }
  return {
    current: () => keys,
    find(keyId) {
      const found = named(keyId)
      if (isClosed) return found
      if (found.length === 0) return isKeyId(keyId) ? findElsewhere(keyId) : found
      return clock.now() < staleAtMs ? found : andThen(fetching.inBackground(), () => found)
    },
    maxAgeSeconds: () => Math.max(0, (staleAtMs - clock.now()) / 1000),
    close() {
      isClosed = true
      cancelTimer()
    },
  }
}

/** How long it takes until a fetch that failed is made again. */
const RETRY_MS = 10_000

const MAX_KEYS = 2048

/** What is wrong with keys that were fetched. */
function problemsOf(fetched: FetchedKeySet): readonly ConfigurationProblem[] {
  const problem = (message: string): readonly ConfigurationProblem[] => [{ path: 'keys', message }]
  const { keys, refreshAfterSeconds } = fetched
  if (!(refreshAfterSeconds > 0))
    return problem(`found invalid refresh hint (${String(refreshAfterSeconds)}s)`)
  if (!Array.isArray(keys) || keys.length === 0) return problem('found no keys')
  if (keys.length > MAX_KEYS) return problem(`found more than ${MAX_KEYS} keys`)
  return keys.every(({ kid }) => isKeyId(kid)) ? [] : problem('found invalid public key id')
}
