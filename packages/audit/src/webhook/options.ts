import { type Clock, type ConfigurationProblem, KubeAuthnError, type Observer } from '@kube-authn/core'
import {
  aClock,
  aString,
  atLeast,
  optionProblems,
  refuseProblems,
  urlProblems,
  type WebhookFetch,
  withFurtherProblems,
} from '@kube-authn/core/internal'
import {
  aBoolean,
  above,
  aFunction,
  type OptionsShape,
  required,
  wholeNumber,
} from '@kube-authn/core/adapter'

/** Options of {@link auditWebhook}. The defaults are kube-apiserver's. */
export interface AuditWebhookOptions {
  /** The URL that events are posted to: `https`, unless `allowInsecureHttp` is set. */
  readonly url: string
  /** Allow an `http` URL: anyone on the network path can then read and change the log. Default `false`. */
  readonly allowInsecureHttp?: boolean
  /** Makes the calls, and adds the credentials that the webhook requires. Default: the runtime's `fetch`. */
  readonly fetch?: WebhookFetch
  /** For each call. Default 30. */
  readonly timeoutSeconds?: number
  /** How many events may be waiting or in progress; further ones are lost (`--audit-webhook-batch-buffer-size`). Default 10,000. */
  readonly bufferSize?: number
  /** The maximum number of events in a batch (`--audit-webhook-batch-max-size`). Default 400. */
  readonly maxBatchSize?: number
  /** How long an event waits for its batch to fill (`--audit-webhook-batch-max-wait`). Default 30. */
  readonly maxBatchWaitSeconds?: number
  /** The average number of batches per second (`--audit-webhook-batch-throttle-qps`). Default 10; `Infinity`: no limit. */
  readonly throttleQps?: number
  /** How many batches may be sent at once after an idle period (`--audit-webhook-batch-throttle-burst`). Default 15. */
  readonly throttleBurst?: number
  /** How many times a batch is sent before it is lost. Default 5. */
  readonly maxAttempts?: number
  /** The delay before the second attempt (`--audit-webhook-initial-backoff`); each further delay is 1.5 times as long. Default 10. */
  readonly initialBackoffSeconds?: number
  /** How long `close` waits for batches in progress. Default 10. */
  readonly closeTimeoutSeconds?: number
  /** Called when events are lost. Without it, losses are silent, so set it. */
  readonly onError?: (error: AuditDeliveryError) => void
  /** Receives the same losses as events, which `metrics()` counts. */
  readonly observer?: Observer
  /** The credentials of the calls, to redact them from error messages. Default: none. */
  readonly redact?: () => readonly string[]
  readonly clock?: Clock
  /** Between 0 and 1. Default: the random numbers of Web Crypto. */
  readonly random?: () => number
}

/**
 * Why events were lost: the buffer was full, the webhook did not accept them, or the log was closed. More may be added in a minor version;
 * handle the rest.
 */
export type AuditDeliveryErrorCode = 'bufferFull' | 'undelivered' | 'closed'

/** Events of an audit log were lost. The message contains no part of them, and no credential. */
export class AuditDeliveryError extends KubeAuthnError {
  override readonly name = 'AuditDeliveryError'
  readonly code: AuditDeliveryErrorCode
  readonly lostEvents: number

  constructor(code: AuditDeliveryErrorCode, lostEvents: number, why: string) {
    super(`${lostEvents} audit event${lostEvents === 1 ? ' was' : 's were'} lost: ${why}`)
    this.code = code
    this.lostEvents = lostEvents
  }
}

export const auditWebhookShape: OptionsShape<AuditWebhookOptions> = {
  url: required(aString),
  allowInsecureHttp: aBoolean,
  fetch: aFunction,
  timeoutSeconds: above(0, 86_400),
  bufferSize: wholeNumber(1),
  maxBatchSize: wholeNumber(1),
  maxBatchWaitSeconds: atLeast(0),
  throttleQps: above(0),
  throttleBurst: wholeNumber(1),
  maxAttempts: wholeNumber(1),
  initialBackoffSeconds: atLeast(0),
  closeTimeoutSeconds: above(0),
  onError: aFunction,
  observer: aFunction,
  redact: aFunction,
  clock: aClock,
  random: aFunction,
}

/** @throws {ConfigurationError} if an option is invalid. */
export function checkAuditWebhookOptions(options: AuditWebhookOptions): void {
  refuseProblems(withFurtherProblems(optionProblems(auditWebhookShape, options), options, problemsOfUrl))
}

function problemsOfUrl({
  url,
  allowInsecureHttp,
}: Partial<AuditWebhookOptions>): readonly ConfigurationProblem[] {
  return url === undefined ? [] : urlProblems(url, 'url', allowInsecureHttp)
}
