/** How long a client is asked to stay away from a server that is too busy. */
export const BUSY_SECONDS = 2

/** More than this no client is asked to wait. */
const MAX_SECONDS = 3600

/** How an answer says when to try again: as a header, and in the details of its `Status`. */
export interface RetryAfter {
  readonly headers: { readonly 'retry-after': string }
  readonly details: { readonly retryAfterSeconds: number }
}

/**
 * When a client may try again, in whole seconds and at least one.
 *
 * Source: RFC 9110 section 10.2.3; apimachinery `pkg/api/errors/errors.go` (`SuggestsClientDelay`).
 */
export function retryAfter(seconds: number): RetryAfter {
  const retryAfterSeconds = seconds >= 1 ? Math.min(Math.ceil(seconds), MAX_SECONDS) : 1
  return { headers: { 'retry-after': String(retryAfterSeconds) }, details: { retryAfterSeconds } }
}
