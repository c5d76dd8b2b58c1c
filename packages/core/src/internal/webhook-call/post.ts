import { discard } from '../http/discard.ts'
import type { HttpResponse } from '../http/response.ts'
import { textOf, TooLong } from '../http/response-text.ts'
import { isReadableContentType } from './content-type.ts'
import { sentStatus } from './sent-status.ts'
import { WebhookCallError } from './webhook-call-error.ts'
import type { WebhookFetch } from './webhook-fetch.ts'

/** Where to, and how. */
export interface PostOptions {
  readonly url: string
  readonly fetch: WebhookFetch
  readonly maxResponseBytes: number
  /** What the webhook is called in errors. */
  readonly title: string
  /** Which refusals may pass, as far as the webhook does not say so itself. */
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
 * Source: client-go `rest/request.go` transformResponse, for what counts as success, what can be read and what asks for a wait.
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
  const { status } = response
  // Browsers tell nothing of a redirect that is not followed, not even its status.
  const isRedirect = status === 0 || (status >= 300 && status < 400)
  if (!isRedirect && !isReadableContentType(response.headers.get('content-type') ?? '')) {
    discard(response)
    throw new WebhookCallError(`${title} answered with a content type that cannot be read`, {
      isTransient: true,
    })
  }
  if (status < 200 || status > 206) throw await refused(response, isRedirect, options)
  try {
    return { status, text: await textOf(response, options.maxResponseBytes) }
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

async function refused(
  response: HttpResponse,
  isRedirect: boolean,
  { title, isTransientStatus, maxResponseBytes }: PostOptions,
): Promise<WebhookCallError> {
  const { status, headers } = response
  const text = await textOf(response, maxResponseBytes).catch(() => '')
  const sent = await sentStatus(text)
  const retryAfterMs = Math.max(waitOf(headers.get('retry-after')), sent?.retryAfterMs ?? 0)
  const what = `HTTP status ${status}${isRedirect ? ', a redirect, which is not followed' : ''}`
  return new WebhookCallError(`${title} answered with ${what}`, {
    isTransient: retryAfterMs > 0 || (sent?.isTransient ?? isTransientStatus(status)),
    isTimeout: status === 504 || sent?.isTimeout === true,
    retryAfterMs,
    refusal: { status, contentType: headers.get('content-type') ?? '', text, explanation: sent?.message },
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
