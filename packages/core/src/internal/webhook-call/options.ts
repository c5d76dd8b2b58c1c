import type { Clock } from '../clock.ts'
import type { ConfigurationProblem } from '../../authenticator/errors.ts'
import {
  above,
  aClock,
  aFunction,
  atLeast,
  type OptionsShape,
  problemOf,
  required,
  wholeNumber,
} from '../options/index.ts'
import type { WebhookFetch } from './webhook-fetch.ts'

/** How a webhook is called. The defaults are kube-apiserver's. */
export interface WebhookCallOptions {
  /** Where reviews are posted to. `https` only. */
  readonly url: string
  /** Makes the calls, with whatever credentials the webhook wants. Default: the runtime's `fetch`. */
  readonly fetch?: WebhookFetch
  /** For all calls of one question together. Default 30, which is the most. */
  readonly timeoutSeconds?: number
  /** How often one question is asked while the failure may pass. Default 5. */
  readonly maxAttempts?: number
  /** The wait before the second call; each wait is one and a half times the one before. Default 0.5. */
  readonly retryDelaySeconds?: number
  /** A longer answer is none. Default 1,048,576. */
  readonly maxResponseBytes?: number
  /** How many questions are asked at once. While more than half of them are under way, no call is repeated. Default 64; Workers bound that themselves. */
  readonly maxConcurrentCalls?: number
  /** How many more questions may wait; beyond that the client is told at once to come again later: 503 with `Retry-After`. Default 256. */
  readonly maxWaitingCalls?: number
  readonly clock?: Clock
  /** Between 0 and 1. Default: the random numbers of Web Crypto. */
  readonly random?: () => number
}

/** The default of {@link WebhookCallOptions.timeoutSeconds}, and what it is at most. */
export const MAX_TIMEOUT_SECONDS = 30

/** The checks of {@link WebhookCallOptions}. */
export const webhookCallShape: OptionsShape<WebhookCallOptions> = {
  url: required(httpsUrl),
  fetch: aFunction,
  timeoutSeconds: above(0, MAX_TIMEOUT_SECONDS),
  maxAttempts: attempts,
  retryDelaySeconds: atLeast(0),
  maxResponseBytes: wholeNumber(1),
  maxConcurrentCalls: wholeNumber(1),
  maxWaitingCalls: wholeNumber(0),
  clock: aClock,
  random: aFunction,
}

function httpsUrl(value: unknown, path: string): readonly ConfigurationProblem[] {
  const url = typeof value === 'string' && URL.canParse(value) ? new URL(value) : undefined
  if (url?.protocol !== 'https:') return problemOf(value, path, 'must be an https URL')
  if (url.username === '' && url.password === '') return []
  return [{ path, message: 'must not have credentials in it' }]
}

/** Source: apiserver `pkg/server/options/authentication.go` Validate, for the first. */
function attempts(value: unknown, path: string): readonly ConfigurationProblem[] {
  if (Number.isSafeInteger(value) && Number(value) > 0) return []
  const message = Number.isInteger(value)
    ? `number of webhook retry attempts must be greater than 0, but is: ${Number(value)}`
    : 'retry backoff needs a whole number of attempts'
  return problemOf(value, path, message)
}
