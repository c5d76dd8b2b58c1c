import type { HttpResponse } from '../http/response.ts'
import { textOf, TooLong } from '../http/response-text.ts'
import { WebhookCallError } from './webhook-call-error.ts'
import type { WebhookFetch } from './webhook-fetch.ts'

/** Where to, and how. */
export interface PostOptions {
  readonly url: string
  readonly fetch: WebhookFetch
  readonly maxResponseBytes: number
  /** What the webhook is called in errors. */
  readonly title: string
  /** Which refusals may pass, whatever the webhook says about them. */
  readonly isTransientStatus: (status: number) => boolean
}

/** What came back. */
export interface PostedAnswer {
  readonly status: number
  readonly text: string
}

/**
 * Posts JSON and returns the text that comes back.
 *
 * Source: client-go `rest/request.go` transformResponse, for what counts as success and what asks for a wait.
 *
 * @throws {WebhookCallError} when nothing usable comes back.
 */
export async function post(body: string, options: PostOptions, signal: AbortSignal): Promise<PostedAnswer> {
  const { url, fetch, title } = options
  let response: HttpResponse
  try {
    const headers = { accept: 'application/json, */*', 'content-type': 'application/json' }
    response = await fetch(url, { method: 'POST', headers, body, redirect: 'manual', signal })
  } catch (cause) {
    throw new WebhookCallError(`${title} could not be reached`, {
      isTransient: isConnectionLost(cause),
      cause,
    })
  }
  if (response.status < 200 || response.status > 206) throw await refused(response, options)
  try {
    return { status: response.status, text: await textOf(response, options.maxResponseBytes) }
  } catch (cause) {
    if (cause instanceof TooLong) {
      throw new WebhookCallError(`the answer of ${title} is ${cause.message}`)
    }
    throw new WebhookCallError(`the answer of ${title} broke off`, {
      isTransient: isConnectionLost(cause),
      cause,
    })
  }
}

async function refused(response: HttpResponse, options: PostOptions): Promise<WebhookCallError> {
  const { status, headers } = response
  const { title, isTransientStatus, maxResponseBytes } = options
  const text = await textOf(response, maxResponseBytes).catch(() => '')
  const retryAfterMs = waitOf(headers.get('retry-after'))
  // Browsers tell nothing of a redirect that is not followed, not even its status.
  const isRedirect = status === 0 || (status >= 300 && status < 400)
  const what = `HTTP status ${status}${isRedirect ? ', a redirect, which is not followed' : ''}`
  return new WebhookCallError(`${title} answered with ${what}`, {
    isTransient: retryAfterMs > 0 || isTransientStatus(status),
    retryAfterMs,
    refusal: { status, contentType: headers.get('content-type') ?? '', text },
  })
}

/** Seconds only: a date would depend on the clock of somebody else. */
function waitOf(retryAfter: string | null): number {
  return /^\d{1,9}$/.test(retryAfter ?? '') ? Number(retryAfter) * 1000 : 0
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
