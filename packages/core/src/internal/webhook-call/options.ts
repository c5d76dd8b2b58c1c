import type { ConfigurationProblem } from '../../authenticator/errors.ts'
import type { Clock } from '../clock.ts'
import {
  above,
  aClock,
  aFunction,
  anHttpsUrl,
  atLeast,
  type OptionsShape,
  problemOf,
  required,
  wholeNumber,
} from '../options/index.ts'
import type { HttpResponse } from '../http/response.ts'

/** How a webhook is called. The defaults are those of kube-apiserver. */
export interface WebhookCallOptions {
  /** The URL that reviews are posted to. Must be `https`. */
  readonly url: string
  /** Makes the calls, with the credentials that the webhook requires. Default: the runtime's `fetch`. */
  readonly fetch?: WebhookFetch
  /** The timeout of a review, including its retries. Default 30, which is the maximum. */
  readonly timeoutSeconds?: number
  /** How often a review is sent at most, if it fails with transient errors. Default 5. */
  readonly maxAttempts?: number
  /** The delay before the first retry; each further delay is 1.5 times the previous one. Default 0.5. */
  readonly initialBackoffSeconds?: number
  /** Larger responses are rejected. Default 1,048,576. */
  readonly maxBytes?: number
  /** How many reviews run at once. While more than half of this number run, none is retried. Default 64. Cloudflare Workers have their own limit. */
  readonly maxConcurrent?: number
  /** How many further reviews may wait. Beyond that, requests fail at once with a 503 and `Retry-After`. Default 256. */
  readonly maxWaiting?: number
  readonly clock?: Clock
  /** Returns a number between 0 and 1. Default: random numbers of Web Crypto. */
  readonly random?: () => number
}

/** The default and the maximum of {@link WebhookCallOptions.timeoutSeconds}. */
export const MAX_TIMEOUT_SECONDS = 30

export const webhookCallShape: OptionsShape<WebhookCallOptions> = {
  url: required(anHttpsUrl),
  fetch: aFunction,
  timeoutSeconds: above(0, MAX_TIMEOUT_SECONDS),
  maxAttempts: attempts,
  initialBackoffSeconds: atLeast(0),
  maxBytes: wholeNumber(1),
  maxConcurrent: wholeNumber(1),
  maxWaiting: wholeNumber(0),
  clock: aClock,
  random: aFunction,
}

/** In the words of kube-apiserver. Source: apiserver `pkg/server/options/authentication.go` Validate, for the first message. */
function attempts(value: unknown, path: string): readonly ConfigurationProblem[] {
  if (Number.isSafeInteger(value) && Number(value) > 0) return []
  const message = Number.isInteger(value)
    ? `number of webhook retry attempts must be greater than 0, but is: ${Number(value)}`
    : 'retry backoff attempts must be a whole number'
  return problemOf(value, path, message)
}

/** The part of `fetch` that is used. `createFetch` of `@kube-authn/node` returns one with a CA and a client certificate. */
export type WebhookFetch = (url: string, init: WebhookFetchInit) => Promise<HttpResponse>

/** The request that a {@link WebhookFetch} makes. */
export interface WebhookFetchInit {
  readonly method: 'POST'
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  /** Redirects are not followed. */
  readonly redirect: 'manual'
  readonly signal: AbortSignal
}
