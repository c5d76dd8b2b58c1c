import type { Awaitable } from '../../internal/awaitable.ts'
import { unavailable } from '../../authenticator/errors.ts'
import { keptFault } from '../../internal/http/fault.ts'
import type { KeySet } from '../jwt/key-set.ts'
import { remoteKeySet, type RemoteKeySetOptions } from '../jwt/remote-key-set.ts'
import { quoted } from '../../internal/quote.ts'
import { isDone } from '../../internal/shared-work.ts'
import { discoverJwksUri, type DiscoveryOptions, type DiscoveryTarget } from './discovery.ts'

/** An issuer whose keys have to be found first. */
export interface Provider {
  /** Why its keys were not found yet; `undefined` once they were. */
  readonly error: Error | undefined
  /** Waits until they are found. */
  readonly ready: Promise<void>
  /**
   * Its keys. Whoever comes while they are looked for waits for a moment.
   *
   * @throws {AuthenticationError} `unavailable` while they are not found.
   */
  keySet(): Awaitable<KeySet>
  /** Stops looking. */
  close(): void
}

/** What a provider is made with. */
export interface ProviderOptions extends DiscoveryOptions, Pick<RemoteKeySetOptions, 'onFetch'> {
  /** Look again by itself until the keys are found, from now on. Otherwise only when somebody asks. */
  readonly isEager: boolean
}

/** How long after a try there is another one. */
const RETRY_MS = 10_000
/** How long somebody waits for a try. */
const PATIENCE_MS = 5000

/**
 * Finds the keys of an issuer by discovery: at once, and every ten seconds until it works. After that the address of the keys does not
 * change.
 *
 * Source: apiserver `plugin/pkg/authenticator/token/oidc/oidc.go` (`newAsyncIDTokenVerifier`).
 */
export function provider(target: DiscoveryTarget, options: ProviderOptions): Provider {
  const { fetch, timeoutSeconds, clock, isEager, onFetch } = options
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
    } catch (thrown) {
      error = keptFault(thrown)
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

  /** On some runtimes nothing may happen before the first request. */
  const ask = (): Promise<void> | undefined => {
    const isDue = clock.now() - triedAtMs >= RETRY_MS
    return isDue && !isClosed ? attempt() : underWay
  }

  if (isEager) keepTrying()

  /** Somebody waits, but not for as long as a server may take. */
  const forAMoment = async (): Promise<void> => {
    const untilMs = clock.now() + PATIENCE_MS
    let work = ask()
    while (work !== undefined) {
      const isOver = (await isDone(work, untilMs - clock.now(), clock)) || clock.now() >= untilMs || isClosed
      if (isOver) return
      // It ended together with the request that began it.
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
      // On some runtimes a promise belongs to the request that made it, so it is only made for who waits for it.
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
