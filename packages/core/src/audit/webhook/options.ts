import type { Clock } from '../../internal/clock.ts'
import type { ConfigurationProblem } from '../../authenticator/errors.ts'
import type { Observer } from '../../authenticator/events.ts'
import {
  aBoolean,
  above,
  aClock,
  aFunction,
  aString,
  optionProblems,
  type OptionsShape,
  refuseProblems,
  required,
  wholeNumber,
  withFurtherProblems,
} from '../../internal/options/index.ts'
import type { WebhookFetch } from '../../internal/webhook-call/webhook-fetch.ts'
import type { AuditDeliveryError } from './delivery-error.ts'

/** Options of {@link auditWebhook}. The defaults are kube-apiserver's. */
export interface AuditWebhookOptions {
  /** Where events are posted to. `https`, unless `allowInsecureHttp` says otherwise. */
  readonly url: string
  /** Let the URL be one of `http`: who is on the way reads and changes the log then. Default `false`. */
  readonly allowInsecureHttp?: boolean
  /** Makes the calls, with whatever credentials the webhook wants. Default: the runtime's `fetch`. */
  readonly fetch?: WebhookFetch
  /** For each call. Default 30. */
  readonly timeoutSeconds?: number
  /** How many events may wait or be under way; what is beyond is lost (`--audit-webhook-batch-buffer-size`). Default 10,000. */
  readonly bufferSize?: number
  /** How many events are sent at once (`--audit-webhook-batch-max-size`). Default 400. */
  readonly maxBatchSize?: number
  /** How long an event waits for others (`--audit-webhook-batch-max-wait`). Default 30. */
  readonly maxBatchWaitSeconds?: number
  /** How many batches are sent in a second, on average (`--audit-webhook-batch-throttle-qps`). Default 10; `Infinity` limits nothing. */
  readonly throttleQps?: number
  /** How many batches may be sent at once after a quiet time (`--audit-webhook-batch-throttle-burst`). Default 15. */
  readonly throttleBurst?: number
  /** How often a batch is sent before it is lost. Default 5. */
  readonly maxAttempts?: number
  /** The wait before the second attempt (`--audit-webhook-initial-backoff`); each wait is one and a half times the one before. Default 10. */
  readonly initialBackoffSeconds?: number
  /** How long `close` waits for what is under way. Default 10. */
  readonly closeTimeoutSeconds?: number
  /** Told of events that were lost. Default: nobody, so give one. */
  readonly onError?: (error: AuditDeliveryError) => void
  /** Told of the same, as `metrics()` counts it. */
  readonly observer?: Observer
  /** What the calls carry as credentials of their own, so that it is struck out of what is told of a fault. Default: nothing. */
  readonly secrets?: () => readonly string[]
  readonly clock?: Clock
  /** Between 0 and 1. Default: the random numbers of Web Crypto. */
  readonly random?: () => number
}

/** The checks of {@link AuditWebhookOptions}, for packages whose options have more. */
export const auditWebhookShape: OptionsShape<AuditWebhookOptions> = {
  url: required(aString),
  allowInsecureHttp: aBoolean,
  fetch: aFunction,
  timeoutSeconds: above(0, 86_400),
  bufferSize: wholeNumber(1),
  maxBatchSize: wholeNumber(1),
  maxBatchWaitSeconds: above(0),
  throttleQps: above(0),
  throttleBurst: wholeNumber(1),
  maxAttempts: wholeNumber(1),
  initialBackoffSeconds: above(0),
  closeTimeoutSeconds: above(0),
  onError: aFunction,
  observer: aFunction,
  secrets: aFunction,
  clock: aClock,
  random: aFunction,
}

/** @throws {ConfigurationError} when an option cannot work. */
export function checkAuditWebhookOptions(options: AuditWebhookOptions): void {
  refuseProblems(withFurtherProblems(optionProblems(auditWebhookShape, options), options, urlProblems))
}

function urlProblems({
  url: text,
  allowInsecureHttp = false,
}: Partial<AuditWebhookOptions>): readonly ConfigurationProblem[] {
  if (text === undefined) return []
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url?.protocol !== 'https:' && !(allowInsecureHttp && url?.protocol === 'http:')) {
    return [{ path: 'url', message: `must be an ${allowInsecureHttp ? 'http or ' : ''}https URL` }]
  }
  if (url.username === '' && url.password === '') return []
  return [{ path: 'url', message: 'must not have credentials in it' }]
}
