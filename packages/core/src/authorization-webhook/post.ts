import { AuthorizationError } from '../authorization/errors.ts'

/** What of `fetch` is used. `@kube-authn/node` makes one with a CA and a client certificate. */
export type WebhookFetch = (url: string, init: WebhookFetchInit) => Promise<WebhookResponse>

/** What a {@link WebhookFetch} is called with. */
export interface WebhookFetchInit {
  readonly method: 'POST'
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  /** A redirect is not followed. */
  readonly redirect: 'manual'
  readonly signal: AbortSignal
}

/** What of a Fetch API `Response` is used. */
export interface WebhookResponse {
  readonly status: number
  readonly headers: { get(name: string): string | null }
  readonly body: WebhookResponseBody | null
}

/** What of a `ReadableStream` of bytes is used. */
export interface WebhookResponseBody {
  getReader(): {
    read(): Promise<{ readonly done: boolean; readonly value?: Uint8Array | undefined }>
    cancel(): Promise<void>
  }
}

/** A call that failed, and whether another one may do better. */
export class PostError extends AuthorizationError {
  readonly isTransient: boolean
  /** How long the webhook asks to be left alone. */
  readonly retryAfterMs: number

  constructor(
    message: string,
    options: { readonly isTransient: boolean; readonly retryAfterMs?: number; readonly cause?: unknown },
  ) {
    super(message, 'cause' in options ? { cause: options.cause } : {})
    this.isTransient = options.isTransient
    this.retryAfterMs = options.retryAfterMs ?? 0
  }
}

/** Where to, and how. */
export interface PostOptions {
  readonly url: string
  readonly fetch: WebhookFetch
  readonly maxResponseBytes: number
}

/**
 * Posts JSON and returns the text that comes back.
 *
 * @throws {PostError} when nothing usable comes back.
 */
export async function post(body: string, options: PostOptions, signal: AbortSignal): Promise<string> {
  const { url, fetch, maxResponseBytes } = options
  let response: WebhookResponse
  try {
    const headers = { accept: 'application/json', 'content-type': 'application/json' }
    response = await fetch(url, { method: 'POST', headers, body, redirect: 'manual', signal })
  } catch (cause) {
    const message = 'the authorization webhook could not be reached'
    throw new PostError(message, { isTransient: isConnectionLost(cause), cause })
  }
  const { status } = response
  if (status < 200 || status >= 300) {
    // Nobody waits for what the rest says; the connection is free for the next call.
    response.body
      ?.getReader()
      .cancel()
      .catch(() => undefined)
    const retryAfter = response.headers.get('retry-after')
    throw new PostError(`the authorization webhook answered with HTTP status ${status}`, {
      isTransient: retryAfter !== null || TRANSIENT_STATUSES.has(status),
      retryAfterMs: Math.max(0, Number(retryAfter ?? 0) || 0) * 1000,
    })
  }
  try {
    return await textOf(response, maxResponseBytes)
  } catch (cause) {
    if (cause instanceof PostError) throw cause
    const message = 'the answer of the authorization webhook broke off'
    throw new PostError(message, { isTransient: isConnectionLost(cause), cause })
  }
}

const TRANSIENT_STATUSES: ReadonlySet<number> = new Set([429, 500, 504])

async function textOf(response: WebhookResponse, maxBytes: number): Promise<string> {
  const reader = response.body?.getReader()
  if (reader === undefined) return ''
  const decoder = new TextDecoder()
  let text = ''
  let length = 0
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return text + decoder.decode()
    if (value === undefined) continue
    length += value.byteLength
    if (length > maxBytes) {
      reader.cancel().catch(() => undefined)
      const message = `the answer of the authorization webhook is longer than ${maxBytes} bytes`
      throw new PostError(message, { isTransient: false })
    }
    text += decoder.decode(value, { stream: true })
  }
}

/** What runtimes call a connection that was there and is lost, as against one that was never made. */
const LOST: ReadonlySet<unknown> = new Set([
  'ECONNRESET',
  'EPIPE',
  'ERR_HTTP2_GOAWAY_SESSION',
  'ERR_HTTP2_SESSION_ERROR',
  'ERR_HTTP2_STREAM_ERROR',
  'UND_ERR_SOCKET',
])

function isConnectionLost(error: unknown, depth = 3): boolean {
  if (typeof error !== 'object' || error === null || depth === 0) return false
  if ('code' in error && LOST.has(error.code)) return true
  return 'cause' in error && isConnectionLost(error.cause, depth - 1)
}
