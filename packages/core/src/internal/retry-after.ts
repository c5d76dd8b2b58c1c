/** How long a client should wait before it retries on a busy server. */
export const BUSY_SECONDS = 2

/** The longest wait that a client is asked for. */
const MAX_SECONDS = 3600

/** When to retry, in a response: as a header, and in the details of its `Status`. */
export interface RetryAfter {
  readonly headers: { readonly 'retry-after': string }
  readonly details: { readonly retryAfterSeconds: number }
}

/**
 * When a client may retry, in whole seconds, at least one.
 *
 * Source: RFC 9110 section 10.2.3; apimachinery `pkg/api/errors/errors.go` (`SuggestsClientDelay`).
 */
export function retryAfter(seconds: number): RetryAfter {
  const retryAfterSeconds = seconds >= 1 ? Math.min(Math.ceil(seconds), MAX_SECONDS) : 1
  return { headers: { 'retry-after': String(retryAfterSeconds) }, details: { retryAfterSeconds } }
}
