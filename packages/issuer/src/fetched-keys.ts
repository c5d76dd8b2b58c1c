import { type Clock, unavailable, type Observer } from '@kube-authn/core'
import { notify, above, aFunction, checkOptions, type OptionsShape, required } from '@kube-authn/core/adapter'
import {
  errorOf,
  andThen,
  systemClock,
  deadlineAfter,
  aClock,
  BUSY_SECONDS,
  canWorkInBackground,
} from '@kube-authn/core/internal'
import { type VerificationKey, type KeyLookup, limitedFetch } from '@kube-authn/core/service-account'
import { isKeyId, signerCode } from './token-signer.ts'

/** The keys of a signer at one point in time. */
export interface FetchedKeySet {
  readonly keys: readonly VerificationKey[]
  /** After how long to fetch them again; above 0. */
  readonly refreshAfterSeconds: number
  /** When the signer read them from its storage, in milliseconds since the epoch. */
  readonly dataTimeMs?: number
}

/** Options of {@link fetchedKeys}. */
export interface FetchedKeysOptions {
  /** Fetches all keys that verify its tokens. The signal aborts at the time limit. */
  readonly fetchKeys: (options: { readonly signal: AbortSignal }) => Promise<FetchedKeySet>
  /** Time limit of one fetch. Default 60. */
  readonly timeoutSeconds?: number
  /** Default: the runtime's clock. */
  readonly clock?: Clock
  /** Receives an event for every fetch (`externalSigner`). */
  readonly observer?: Observer
}

const shape: OptionsShape<FetchedKeysOptions> = {
  fetchKeys: required(aFunction),
  timeoutSeconds: above(0, 3600),
  clock: aClock,
  observer: aFunction,
}

/** Keys that are refetched periodically. */
export interface FetchedKeys extends KeyLookup {
  maxAgeSeconds(): number
  /** Stops fetching; the current keys stay valid. */
  close(): void
}

/**
 * Keys of service account tokens that are kept in a KMS, a vault or an external signer. They are fetched immediately, again after
 * `refreshAfterSeconds`, and when a token names an unknown key. If a fetch fails, the old keys stay valid, and the fetch is retried after
 * ten seconds.
 *
 * Fetches are limited to a burst of three, then one every five seconds. Up to 256 tokens with unknown keys wait for the next fetch; further
 * ones are *unavailable*. Tokens with known keys never wait.
 *
 * Source: kubernetes `pkg/serviceaccount/externaljwt/plugin/keycache.go`; KEP-740.
 *
 * Deviation: fetches are limited, and if one fails, tokens with unknown keys are *unavailable* (`docs/deviations.md`, keys of signers).
 *
 * @throws {ConfigurationError} if an option is invalid; rejects with the error of the first fetch if it fails.
 * @example
 * const keys = await fetchedKeys({
 *   fetchKeys: async ({ signal }) => ({ keys: await keysOfKms(signal), refreshAfterSeconds: 300 }),
 * })
 */
export async function fetchedKeys(options: FetchedKeysOptions): Promise<FetchedKeys> {
  checkOptions(shape, options)
  const { timeoutSeconds = 60, clock = systemClock, observer } = options
  let keys: readonly VerificationKey[] = []
  let staleAtMs = -Infinity
  let lastError: Error | undefined
  let isClosed = false
  let cancelTimer = (): void => {}

  const tell = (code: string, more: { readonly dataTimeMs?: number } = {}): void =>
    notify(observer, { type: 'externalSigner', operation: 'fetchKeys', code, ...more })
  const work = async (): Promise<void> => {
    try {
      const { keys: next, refreshAfterSeconds, dataTimeMs } = await fetchOnce(options, timeoutSeconds, clock)
      keys = Object.freeze([...next])
      staleAtMs = clock.now() + refreshAfterSeconds * 1000
      lastError = undefined
      tell('OK', dataTimeMs === undefined ? {} : { dataTimeMs })
      refreshIn(refreshAfterSeconds * 1000)
    } catch (error) {
      lastError = errorOf(error, 'the keys could not be fetched')
      tell(signerCode(error))
      refreshIn(RETRY_MS)
    }
  }

  const fetching = limitedFetch({ work, hasFailed: () => lastError !== undefined, clock, timeoutSeconds })

  /** Schedules the next fetch. On runtimes without background work, stale keys are refetched when used. */
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
    const outcome = await fetching.search(() => named(keyId).length > 0)
    if (outcome === 'found') return named(keyId)
    if (lastError !== undefined)
      throw unavailable('the keys of the signer could not be fetched', { cause: lastError })
    if (outcome === 'absent') return []
    throw unavailable('too many tokens with unknown keys', { retryAfterSeconds: BUSY_SECONDS })
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

/** Fetches valid keys within the time limit. */
async function fetchOnce(
  { fetchKeys }: FetchedKeysOptions,
  timeoutSeconds: number,
  clock: Clock,
): Promise<FetchedKeySet> {
  const deadline = deadlineAfter({
    milliseconds: timeoutSeconds * 1000,
    clock,
    caller: undefined,
    tooLate: (cause) => new Error('fetching the keys timed out', { cause }),
  })
  try {
    const fetched = await deadline.race((signal) => fetchKeys({ signal }))
    const problem = problemOf(fetched)
    if (problem !== undefined) throw new Error(problem)
    return fetched
  } finally {
    deadline.end()
  }
}

/** Delay before a failed fetch is retried. */
const RETRY_MS = 10_000

const MAX_KEYS = 2048

/** Why fetched keys cannot be used. */
function problemOf({ keys, refreshAfterSeconds }: FetchedKeySet): string | undefined {
  if (typeof refreshAfterSeconds !== 'number' || !(refreshAfterSeconds > 0))
    return `found invalid refresh hint (${String(refreshAfterSeconds)}s)`
  if (!Array.isArray(keys) || keys.length === 0) return 'found no keys'
  if (keys.length > MAX_KEYS) return `found more than ${MAX_KEYS} keys`
  return keys.every(({ kid }) => isKeyId(kid)) ? undefined : 'found invalid public key id'
}
