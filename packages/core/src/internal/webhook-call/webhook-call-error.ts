/** An error response. */
export interface Refusal {
  readonly status: number
  readonly contentType: string
  /** The body, as far as it could be read. It may repeat what was sent to the webhook. */
  readonly text: string
  /** The message of the `Status` in the body. */
  readonly explanation: string | undefined
}

export interface WebhookCallErrorOptions {
  /** Whether a retry may succeed. Default `false`. */
  readonly isTransient?: boolean
  /** Whether the call timed out, or the webhook reports a timeout. Default `false`. */
  readonly isTimeout?: boolean
  /** The retry delay that the webhook asks for. Default 0. */
  readonly retryAfterMs?: number
  readonly refusal?: Refusal
  /** Set if the webhook was not called because of too much load: how long a client should wait before it retries. */
  readonly busySeconds?: number | undefined
  /** The error that `fetch` threw. Its content is unknown. */
  readonly cause?: unknown
}

/**
 * A failed call of a webhook. The message contains no URL and nothing of the request or response. The other members may, so this error is
 * neither logged nor passed on; each webhook converts it to an error of its own.
 */
export class WebhookCallError extends Error {
  override readonly name = 'WebhookCallError'
  readonly isTransient: boolean
  readonly isTimeout: boolean
  readonly retryAfterMs: number
  readonly refusal: Refusal | undefined
  readonly busySeconds: number | undefined

  constructor(message: string, options: WebhookCallErrorOptions = {}) {
    super(message, 'cause' in options ? { cause: options.cause } : {})
    this.isTransient = options.isTransient ?? false
    this.isTimeout = options.isTimeout ?? false
    this.retryAfterMs = options.retryAfterMs ?? 0
    this.refusal = options.refusal
    this.busySeconds = options.busySeconds
  }
}
