import { rfc3339Of } from '@kube-authn/internal/rfc3339'

const MIN_DURATION_SECONDS = 600
/** For clocks that are late. Always less than the minimum. */
const BACKDATE_SECONDS = 300
/** Certificates that are valid for a shorter time do not end earlier because they begin earlier. */
const SHORT_SECONDS = 8 * 3600

/** What determines how long a certificate is valid. */
export interface LifetimeOptions {
  readonly nowMs: number
  /** As requested; `undefined`: the maximum. */
  readonly expirationSeconds: number | undefined
  readonly maxDurationSeconds: number
  readonly authorityNotAfterMs: number
}

/** When a certificate is valid. */
export interface Lifetime {
  readonly notBefore: Date
  readonly notAfter: Date
}

/**
 * When a certificate is valid: five minutes less than it is requested for after now, unless that is short, and never longer than its CA.
 *
 * Source: kubernetes `pkg/controller/certificates/signer/signer.go` duration, `pkg/controller/certificates/authority/policies.go` apply.
 *
 * @throws {Error} if the CA has expired.
 */
export function certificateLifetime(options: LifetimeOptions): Lifetime {
  const { authorityNotAfterMs } = options
  const now = Math.floor(options.nowMs / 1000)
  const duration = durationSeconds(options)
  const notBeforeMs = (now - BACKDATE_SECONDS) * 1000
  const end = now + duration - (duration < SHORT_SECONDS ? 0 : BACKDATE_SECONDS)
  const ended = `NotAfter=${rfc3339Of(authorityNotAfterMs)}`
  if (notBeforeMs >= authorityNotAfterMs) throw new Error(`the signer has expired: ${ended}`)
  if (now * 1000 >= authorityNotAfterMs) {
    throw new Error(`refusing to sign a certificate that expired in the past: ${ended}`)
  }
  return { notBefore: new Date(notBeforeMs), notAfter: new Date(Math.min(end * 1000, authorityNotAfterMs)) }
}

function durationSeconds({ expirationSeconds, maxDurationSeconds }: LifetimeOptions): number {
  if (expirationSeconds === undefined || expirationSeconds > maxDurationSeconds) return maxDurationSeconds
  return Math.max(expirationSeconds, MIN_DURATION_SECONDS)
}
