/** What an answer was that is none. */
export interface Refusal {
  readonly status: number
  readonly contentType: string
  /** All of it, as far as it could be read. The webhook may have put into it what it was sent. */
  readonly text: string
  /** The message of the Status in it. */
  readonly explanation: string | undefined
}

/** Options of a {@link WebhookCallError}. */
export interface WebhookCallErrorOptions {
  /** Another call may do better. Default `false`. */
  readonly isTransient?: boolean
  /** There was no answer in time, or the webhook says that it had none. Default `false`. */
  readonly isTimeout?: boolean
  /** How long the webhook asks to be left alone. Default 0. */
  readonly retryAfterMs?: number
  readonly refusal?: Refusal
  /** The webhook was not asked, since too much is under way: how long a client should wait before it tries again. */
  readonly busySeconds?: number | undefined
  /** What `fetch` threw. It may say anything. */
  readonly cause?: unknown
}

/**
 * A webhook gave no usable answer. The message names no address and nothing that was sent or answered; the other members may hold
 * that, so the error itself is neither logged nor handed on: each webhook makes its own of it.
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
