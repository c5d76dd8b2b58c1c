import { systemClock } from '../clock.ts'
import { asAuthenticationError } from '../../authenticator/errors.ts'
import { limitConcurrency } from '../limit-concurrency.ts'
import { systemRandom } from '../random.ts'
import { canWorkInBackground } from '../runtime.ts'
import { callDeadline, contextCanceled } from './deadline.ts'
import { MAX_TIMEOUT_SECONDS, type WebhookCallOptions } from './options.ts'
import { post, type PostedAnswer, type PostOptions } from './post.ts'
import { withRetries } from './retry.ts'
import { WebhookCallError } from './webhook-call-error.ts'
import { MISSING_SAN } from '../http/fault.ts'
import { causesOf } from '../thrown.ts'

export interface WebhookCallContext {
  /** Aborted if the caller no longer waits. */
  readonly signal?: AbortSignal | undefined
  /** Called after every attempt. */
  readonly onCall?: (report: CallReport) => void
}

/** Posts a body to a webhook and returns the response body. */
export type WebhookCall = (body: string, context?: WebhookCallContext) => Promise<string>

/**
 * Returns a function that posts to a webhook, with bounded concurrency and a timeout, and retries transient errors while the load is low.
 *
 * The returned function throws a {@link WebhookCallError} if there is no successful response.
 *
 * @param webhook its name in errors, and which HTTP statuses are transient.
 */
export function webhookCall(
  options: WebhookCallOptions,
  webhook: Pick<PostOptions, 'title' | 'isTransientStatus'>,
): WebhookCall {
  const { clock = systemClock, random = systemRandom } = options
  const timeoutMs = (options.timeoutSeconds ?? MAX_TIMEOUT_SECONDS) * 1000
  const posting: PostOptions = {
    ...webhook,
    url: options.url,
    // Some runtimes throw if `fetch` is called as a method of another object.
    fetch: options.fetch ?? ((url, init) => fetch(url, init)),
    maxBytes: options.maxBytes ?? 1_048_576,
  }
  const maxConcurrent = options.maxConcurrent ?? 64
  const limit = limitConcurrency({
    maxConcurrent,
    maxWaiting: options.maxWaiting ?? 256,
    tooMany: `too many calls are waiting for ${webhook.title}`,
  })
  let running = 0
  // On runtimes that drop a call with its request, it would never be uncounted.
  const isCounted = canWorkInBackground()
  const retrying = {
    clock,
    random,
    maxAttempts: options.maxAttempts ?? 5,
    initialDelayMs: (options.initialBackoffSeconds ?? 0.5) * 1000,
    mayRepeat: () => !isCounted || running <= Math.max(1, maxConcurrent / 2),
  }

  return async function callWebhook(body, { signal, onCall } = {}) {
    if (isAborted(signal)) throw contextCanceled()
    const deadline = callDeadline(timeoutMs, clock, signal, webhook.title)
    const call = (): Promise<PostedAnswer> => deadline.race((until) => post(body, posting, until))
    const watched = onCall === undefined ? call : () => timed(call, onCall)
    const ask = async (): Promise<string> => {
      running++
      try {
        return (await withRetries(watched, retrying, deadline)).text
      } finally {
        running--
      }
    }
    try {
      return await limit(ask, deadline.signal)
    } catch (error) {
      if (error instanceof WebhookCallError) throw error
      if (isAborted(signal)) throw contextCanceled()
      const { message, retryAfterSeconds } = asAuthenticationError(error)
      throw new WebhookCallError(message, { busySeconds: retryAfterSeconds, cause: error })
    } finally {
      deadline.end()
    }
  }
}

function isAborted(signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true
}

async function timed(
  call: () => Promise<PostedAnswer>,
  onCall: NonNullable<WebhookCallContext['onCall']>,
): Promise<PostedAnswer> {
  const start = performance.now()
  const elapsed = (): number => (performance.now() - start) / 1000
  try {
    const answer = await call()
    onCall({ result: 'success', status: answer.status, durationSeconds: elapsed() })
    return answer
  } catch (error) {
    onCall(reportOfFailure(error, elapsed()))
    throw error
  }
}

/** How one call of a webhook ended. */
export interface CallReport {
  readonly result: 'success' | 'error' | 'timeout'
  /** The HTTP status; absent if there was no response. */
  readonly status?: number
  readonly durationSeconds: number
  /** Why the server was not trusted, if its certificate is of a kind that is no longer accepted. */
  readonly certificateProblem?: 'missingSan' | 'insecureSha1'
}

function reportOfFailure(error: unknown, durationSeconds: number): CallReport {
  const status = error instanceof WebhookCallError ? error.refusal?.status : undefined
  const certificateProblem = certificateProblemOf(error)
  return {
    result: isTimeout(error) ? 'timeout' : 'error',
    durationSeconds,
    ...(status !== undefined && { status }),
    ...(certificateProblem !== undefined && { certificateProblem }),
  }
}

/**
 * The deprecated certificate kind that caused an error, as far as the runtime reports it.
 *
 * Source: apiserver `pkg/util/x509metrics/server_cert_deprecations.go`.
 */
function certificateProblemOf(error: unknown): CallReport['certificateProblem'] {
  const causes = causesOf(error)
  if (causes.some((cause) => 'code' in cause && cause.code === MISSING_SAN)) return 'missingSan'
  return causes.some(({ message }) => message === DIGEST_TOO_WEAK) ? 'insecureSha1' : undefined
}

/** OpenSSL `crypto/x509/x509_txt.c`, X509_V_ERR_CA_MD_TOO_WEAK: Node has no code for it. It also covers MD5. */
const DIGEST_TOO_WEAK = 'CA signature digest algorithm too weak'

/**
 * Whether a call failed by a timeout.
 *
 * Source: apiserver `plugin/pkg/authorizer/webhook/webhook.go` Authorize.
 */
export function isTimeout(error: unknown): boolean {
  if (error instanceof WebhookCallError && error.isTimeout) return true
  return causesOf(error).some(
    (cause) => cause.name === 'TimeoutError' || ('code' in cause && TIMEOUTS.has(cause.code)),
  )
}

/** The error codes of timeouts in various runtimes. */
const TIMEOUTS: ReadonlySet<unknown> = new Set([
  'ETIMEDOUT',
  'UND_ERR_BODY_TIMEOUT',
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_HEADERS_TIMEOUT',
])
