import type { Awaitable } from '../../internal/awaitable.ts'
import { unavailable } from '../../authenticator/errors.ts'
import { keptFault } from '../../internal/http/fault.ts'
import { tell } from '../../internal/tell.ts'
import type { KeySet } from '../jwt/key-set.ts'
import { remoteKeySet, type RemoteKeySetOptions } from '../jwt/remote-key-set.ts'
import { quoted } from '@kube-authn/internal/quote'
import { isDone } from '../../internal/shared-work.ts'
import { discoverJwksUri, type DiscoveryOptions, type DiscoveryTarget } from './discovery.ts'

/** An issuer whose keys are found by discovery. */
export interface Provider {
  /** Why discovery has not succeeded yet; `undefined` once it has. */
  readonly error: Error | undefined
  /** Resolves once the keys are found. */
  readonly ready: Promise<void>
  /**
   * The keys of the issuer. Waits up to five seconds while discovery is under way.
   *
   * @throws {AuthenticationError} `unavailable` while the keys are not found.
   */
  keySet(): Awaitable<KeySet>
  /** Stops discovery. */
  close(): void
}

/** Options of {@link provider}. */
export interface ProviderOptions extends DiscoveryOptions, Pick<RemoteKeySetOptions, 'onFetch'> {
  /** Starts discovery now and retries until it succeeds. Otherwise discovery runs only on demand. */
  readonly isEager: boolean
  /** Called after every attempt; without an error it succeeded. */
  readonly onDiscovery?: (error: Error | undefined) => void
}

/** Time between attempts. */
const RETRY_MS = 10_000
/** How long a request waits for discovery. */
const PATIENCE_MS = 5000

/**
 * Finds the keys of an issuer by discovery: immediately, then every ten seconds until it succeeds. After that the URL of the keys does not
 * change.
 *
 * Source: apiserver `plugin/pkg/authenticator/token/oidc/oidc.go` (`newAsyncIDTokenVerifier`).
 */
export function provider(target: DiscoveryTarget, options: ProviderOptions): Provider {
  const { fetch, timeoutSeconds, clock, isEager, onFetch, onDiscovery } = options
  let keys: KeySet | undefined
  let error: Error | undefined = new Error(
    `oidc: authenticator for issuer ${quoted(target.url)} is not initialized`,
  )
  let underWay: Promise<void> | undefined
  let triedAtMs = -Infinity
  let isClosed = false
  let cancelNext = (): void => {}
  let ready: Promise<void> | undefined
  let tellReady = (): void => {}

  const discover = async (): Promise<void> => {
    try {
      const url = await discoverJwksUri(target, options)
      keys = remoteKeySet({ url, fetch, timeoutSeconds, clock, ...(onFetch !== undefined && { onFetch }) })
      error = undefined
      tellReady()
      tell(onDiscovery, undefined)
    } catch (thrown) {
      error = keptFault(thrown)
      tell(onDiscovery, error)
    }
  }

  const attempt = (): Promise<void> => {
    triedAtMs = clock.now()
    const mine = discover()
    underWay = mine
    void mine.then(() => {
      if (underWay === mine) underWay = undefined
    })
    return mine
  }

  const keepTrying = (): void => {
    void attempt().then(() => {
      if (keys === undefined && !isClosed) cancelNext = clock.after(RETRY_MS, keepTrying)
    })
  }

  /** Some runtimes allow no work before the first request. */
  const ask = (): Promise<void> | undefined => {
    const isDue = clock.now() - triedAtMs >= RETRY_MS
    return isDue && !isClosed ? attempt() : underWay
  }

  if (isEager) keepTrying()

  /** Waits for discovery, at most five seconds. */
  const forAMoment = async (): Promise<void> => {
    const untilMs = clock.now() + PATIENCE_MS
    let work = ask()
    while (work !== undefined) {
      const isOver = (await isDone(work, untilMs - clock.now(), clock)) || clock.now() >= untilMs || isClosed
      if (isOver) return
      // On some runtimes work ends with the request that started it.
      work = underWay === work ? attempt() : underWay
    }
  }

  const foundKeys = async (): Promise<KeySet> => {
    await forAMoment()
    if (keys === undefined) throw unavailable('oidc: authenticator not initialized', { cause: error })
    return keys
  }

  return {
    get error() {
      return error
    },
    get ready() {
      // On some runtimes a promise belongs to the request that created it, so it is created on first use.
      ready ??= keys === undefined ? new Promise((resolve) => (tellReady = resolve)) : Promise.resolve()
      return ready
    },
    keySet: () => keys ?? foundKeys(),
    close() {
      isClosed = true
      cancelNext()
    },
  }
}
