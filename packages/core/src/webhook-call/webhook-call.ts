import { systemClock } from '../clock.ts'
import { systemRandom } from '../random.ts'
import { contextCanceled, deadlineAfter } from './deadline.ts'
import { MAX_TIMEOUT_SECONDS, type WebhookCallOptions } from './options.ts'
import { post, type PostedAnswer, type PostOptions } from './post.ts'
import { withRetries } from './retry.ts'
import { WebhookCallError } from './webhook-call-error.ts'

/** What goes with one question. */
export interface WebhookCallContext {
  /** Aborted when the caller no longer waits. */
  readonly signal?: AbortSignal | undefined
  /** Told of every single call, with the HTTP status where there was one. */
  readonly onCall?: (status: number | undefined, durationSeconds: number) => void
}

/** Asks a webhook, and returns the text that it answers with. */
export type WebhookCall = (body: string, context?: WebhookCallContext) => Promise<string>

/**
 * How both webhooks are called: posts, repeats what failed in a way that may pass, and ends it all in time.
 *
 * The returned function throws a {@link WebhookCallError} when there is no usable answer.
 *
 * @param webhook what it is called in errors, and which HTTP statuses may pass.
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
    // Some runtimes refuse one that is called as a method of something else.
    fetch: options.fetch ?? ((url, init) => fetch(url, init)),
    maxResponseBytes: options.maxResponseBytes ?? 1_048_576,
  }
  const retrying = {
    clock,
    random,
    maxAttempts: options.maxAttempts ?? 5,
    initialDelayMs: (options.retryDelaySeconds ?? 0.5) * 1000,
  }

  return async function callWebhook(body, { signal, onCall } = {}) {
    if (signal?.aborted === true) throw contextCanceled()
    const deadline = deadlineAfter(timeoutMs, clock, signal, webhook.title)
    const call = (): Promise<PostedAnswer> => deadline.race(post(body, posting, deadline.signal))
    try {
      const watched = onCall === undefined ? call : () => timed(call, onCall)
      const { text } = await withRetries(watched, retrying, deadline)
      return text
    } finally {
      deadline.end()
    }
  }
}

async function timed(
  call: () => Promise<PostedAnswer>,
  onCall: NonNullable<WebhookCallContext['onCall']>,
): Promise<PostedAnswer> {
  const start = performance.now()
  const elapsed = (): number => (performance.now() - start) / 1000
  try {
    const answer = await call()
    onCall(answer.status, elapsed())
    return answer
  } catch (error) {
    onCall(error instanceof WebhookCallError ? error.refusal?.status : undefined, elapsed())
    throw error
  }
}
