import type { Clock } from '../clock.ts'
import type { ConfigurationProblem } from '../errors.ts'
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

/** Everything that is wrong with the options. */
export function webhookCallProblems(options: WebhookCallOptions): readonly ConfigurationProblem[] {
  const { timeoutSeconds, maxAttempts, maxResponseBytes, retryDelaySeconds } = options
  const { maxConcurrentCalls, maxWaitingCalls } = options
  const problems: ConfigurationProblem[] = []
  const found = (path: string, message: string): void => void problems.push({ path, message })

  const url = URL.canParse(options.url) ? new URL(options.url) : undefined
  if (url?.protocol !== 'https:') found('url', 'must be an https URL')
  else if (url.username !== '' || url.password !== '') found('url', 'must not have credentials in it')
  if (timeoutSeconds !== undefined && !(timeoutSeconds > 0 && timeoutSeconds <= MAX_TIMEOUT_SECONDS)) {
    found('timeoutSeconds', `must be above 0 and at most ${MAX_TIMEOUT_SECONDS}`)
  }
  if (maxAttempts !== undefined && !isCount(maxAttempts)) found('maxAttempts', attemptsProblem(maxAttempts))
  if (maxResponseBytes !== undefined && !isCount(maxResponseBytes)) {
    found('maxResponseBytes', 'must be a whole number above 0')
  }
  if (maxConcurrentCalls !== undefined && !isCount(maxConcurrentCalls)) {
    found('maxConcurrentCalls', 'must be a whole number above 0')
  }
  if (maxWaitingCalls !== undefined && !(maxWaitingCalls === 0 || isCount(maxWaitingCalls))) {
    found('maxWaitingCalls', 'must be a whole number, 0 or more')
  }
  if (retryDelaySeconds !== undefined && !isDuration(retryDelaySeconds)) {
    found('retryDelaySeconds', 'must be 0 or more')
  }
  return problems
}

/** Whether something can be counted so often. */
export function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value > 0
}

/** Whether something can last so long. */
export function isDuration(seconds: number): boolean {
  return seconds >= 0
}

/** Source: apiserver `pkg/server/options/authentication.go` Validate, for the first. */
function attemptsProblem(maxAttempts: number): string {
  return Number.isInteger(maxAttempts)
    ? `number of webhook retry attempts must be greater than 0, but is: ${maxAttempts}`
    : 'retry backoff needs a whole number of attempts'
}
