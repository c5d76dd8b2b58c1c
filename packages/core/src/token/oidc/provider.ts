import type { Awaitable } from '../../internal/awaitable.ts'
import { unavailable } from '../../authenticator/errors.ts'
import { keptFault } from '../../internal/http/fault.ts'
import { getText, type GetTextOptions } from '../../internal/http/get-text.ts'
import { isObject, member } from '../../internal/objects.ts'
import { tell } from '../../internal/tell.ts'
import type { Clock } from '../../internal/clock.ts'
import type { KeySet } from '../jwt/key-set.ts'
import type { Issuer } from './configuration/config.ts'
import { remoteKeySet, type RemoteKeySetOptions } from '../jwt/remote-key-set.ts'
import { quoted } from '@kube-authn/internal/quote'
import { isDone } from '../../internal/shared-work.ts'

/** An issuer to discover: the document must repeat `url`. */
export type DiscoveryTarget = Pick<Issuer, 'url' | 'discoveryURL'>

/** How an issuer is asked. */
export type DiscoveryOptions = Pick<GetTextOptions, 'fetch' | 'clock' | 'timeoutSeconds'>

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

  /** Waits for discovery, at most five seconds. */
  const forAMoment = async (): Promise<void> => {
    const untilMs = clock.now() + PATIENCE_MS
    // The clock may have been set back since.
    const isDue = Math.abs(clock.now() - triedAtMs) >= RETRY_MS
    // Some runtimes allow no work before the first request.
    let work = isDue && !isClosed ? attempt() : underWay
    while (work !== undefined) {
      const wasLost = await isLost(work, untilMs - clock.now(), clock)
      // Not by the clock alone, to which the timer may be early: each request would begin another attempt.
      if (!wasLost || isClosed || clock.now() >= untilMs) return
      work = underWay === work ? attempt() : underWay
    }
  }

  const foundKeys = async (): Promise<KeySet> => {
    await forAMoment()
    if (keys === undefined) throw unavailable('oidc: authenticator not initialized', { cause: error })
    return keys
  }

  if (isEager) keepTrying()
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

/** Waits for work, at most so long. @returns whether it ended with the request that started it, as it does on some runtimes. */
async function isLost(work: Promise<void>, milliseconds: number, clock: Clock): Promise<boolean> {
  let wasLost = false
  const ended = work.catch(() => void (wasLost = true))
  await isDone(ended, milliseconds, clock)
  return wasLost
}

const MAX_DOCUMENT_BYTES = 1_048_576

/** The URL of the discovery document (OpenID Connect Discovery 1.0 section 4). */
export function discoveryUrlOf({ url, discoveryURL }: DiscoveryTarget): string {
  return discoveryURL === '' ? `${url.replace(/\/$/, '')}/.well-known/openid-configuration` : discoveryURL
}

/**
 * Reads the URL of the JWK set from the discovery document.
 *
 * Source: OpenID Connect Discovery 1.0 sections 4.1 to 4.3; coreos/go-oidc `oidc/oidc.go` (`NewProvider`).
 *
 * @returns the URL of its JWK set.
 * @throws {Error} if the document has no `jwks_uri` or names another issuer.
 */
async function discoverJwksUri(target: DiscoveryTarget, options: DiscoveryOptions): Promise<string> {
  const headers = { accept: 'application/json' }
  const { status, text } = await getText(discoveryUrlOf(target), {
    ...options,
    headers,
    maxBytes: MAX_DOCUMENT_BYTES,
  })
  if (status !== 200) throw new Error(`fetching the discovery document failed: HTTP status ${status}`)
  let document: unknown
  try {
    document = JSON.parse(text)
  } catch {
    // The parser error would repeat a part of the document.
  }
  if (!isObject(document)) throw new Error('the discovery document is not a JSON object')
  const issuer = member(document, 'issuer') ?? ''
  if (issuer !== target.url) {
    const found =
      typeof issuer === 'string' ? quoted(issuer.slice(0, MAX_SHOWN)) : 'a value that is not a string'
    throw new Error(
      `oidc: issuer did not match the issuer returned by provider, expected ${quoted(target.url)} got ${found}`,
    )
  }
  const jwksUri = member(document, 'jwks_uri') ?? ''
  if (jwksUri === '') throw new Error('oidc: provider did not return JWKS URL')
  if (typeof jwksUri !== 'string' || !/^https:\/\//i.test(jwksUri) || !URL.canParse(jwksUri)) {
    throw new Error('jwks_uri is not an https URL')
  }
  return jwksUri
}

/** Maximum characters of a foreign issuer name in an error. */
const MAX_SHOWN = 256
