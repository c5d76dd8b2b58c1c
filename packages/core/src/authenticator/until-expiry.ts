import type { Authentication } from './authenticator.ts'
import { type Clock, systemClock } from '../internal/clock.ts'
import {
  above,
  aClock,
  must,
  optionProblems,
  type OptionsShape,
  refuseProblems,
} from '../internal/options/index.ts'
import { isPlainObject } from '../internal/options/check.ts'
import { REVOKED } from './credential-revocation.ts'
import { rejected } from './errors.ts'

/** Options of {@link untilExpiry}. */
export interface UntilExpiryOptions {
  /** Aborted when the connection is closed: then nothing waits for the expiry any more. Default: it waits until the credential expires. */
  readonly signal?: AbortSignal
  /** How long the credential may be used from now on at most, also if it never expires. Default: no limit. */
  readonly maxConnectionSeconds?: number
  /** Default: the runtime's clock. */
  readonly clock?: Clock
}

/** The checks of {@link UntilExpiryOptions}. */
export const untilExpiryShape: OptionsShape<UntilExpiryOptions> = {
  signal: must('must be an AbortSignal', (value) => value instanceof AbortSignal),
  maxConnectionSeconds: above(0),
  clock: aClock,
}

/**
 * A signal that is aborted when the credential of a request expires: a token by its `exp`, a client certificate by the first `notAfter` of its chain.
 * And when it is revoked, if the authenticator has the option `revocations`, or is in `unlessRevoked`.
 * For everything that outlives the request that started it: WebSockets, server-sent events, streams and watches. Its `reason` is an
 * `AuthenticationError`.
 *
 * Tokens and passwords of files, users of a front proxy, and tokens that a webhook decides about have no expiry; `maxConnectionSeconds` limits these.
 * A user that impersonates another has the expiry of its own credential. The timer keeps no process alive, and notices within an hour that the clock
 * was set.
 *
 * @param authentication from `getAuthentication(req)`.
 * @throws {ConfigurationError} if an option is invalid.
 * @example
 * const signal = untilExpiry(getAuthentication(req))
 * for await (const change of changes({ signal })) res.write(change)
 */
export function untilExpiry(
  authentication: Pick<Authentication, 'expiresAtMs' | 'revocation'>,
  options: UntilExpiryOptions = {},
): AbortSignal {
  refuseProblems(
    anAuthentication(authentication, 'authentication'),
    optionProblems(untilExpiryShape, options),
  )
  const { signal, clock = systemClock, maxConnectionSeconds = Infinity } = options
  const expired = new AbortController()
  // What is not a number never compares as still valid.
  const { expiresAtMs = Infinity, revocation } = authentication
  const endMs = Math.min(expiresAtMs, clock.now() + maxConnectionSeconds * 1000)
  if (signal?.aborted === true) return expired.signal

  let cancel: (() => void) | undefined
  let stopWatching: (() => void) | undefined
  const forget = (): void => {
    signal?.removeEventListener('abort', forget)
    cancel?.()
    stopWatching?.()
  }
  const end = (message: string): void => {
    forget()
    expired.abort(rejected(message))
  }
  const check = (): void => {
    const leftMs = endMs - clock.now()
    if (leftMs > 0) cancel = clock.after(Math.min(leftMs, LONGEST_WAIT_MS), check)
    else end(expiresAtMs > endMs ? 'the connection has reached its limit' : 'the credential has expired')
  }
  signal?.addEventListener('abort', forget, { once: true })
  if (endMs !== Infinity) check()
  if (!expired.signal.aborted) stopWatching = revocation?.watch(() => end(REVOKED))
  // It may have been called at once.
  if (expired.signal.aborted) stopWatching?.()
  return expired.signal
}

const anAuthentication = must('must be the result of getAuthentication(...)', isPlainObject)

/** After this time the clock is read again, since it may have been set. */
const LONGEST_WAIT_MS = 3_600_000
