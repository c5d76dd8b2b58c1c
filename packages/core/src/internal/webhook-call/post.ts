import { discard, type HttpResponse } from '../http/response.ts'
import { textOf, BodyTooLongError } from '../http/response-text.ts'
import { isObject } from '../objects.ts'
import { parsed } from './read-review.ts'
import { WebhookCallError } from './webhook-call-error.ts'
import type { WebhookFetch } from './options.ts'

export interface PostOptions {
  readonly url: string
  readonly fetch: WebhookFetch
  readonly maxBytes: number
  /** The name of the webhook in errors. */
  readonly title: string
  /** Whether an error status is transient, unless the response says so itself. */
  readonly isTransientStatus: (status: number) => boolean
}

export interface PostedAnswer {
  readonly status: number
  readonly text: string
}

/**
 * Posts JSON and returns the response body.
 *
 * Source: client-go `rest/request.go` transformResponse, for success statuses, content types and retry delays.
 *
 * @throws {WebhookCallError} if there is no successful response.
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
  // Fetch may return an opaque redirect, whose status is 0.
  const isRedirect = status === 0 || (status >= 300 && status < 400)
  if (!isRedirect && !isReadableContentType(response.headers.get('content-type') ?? '')) {
    discard(response)
    throw new WebhookCallError(`${title} answered with an invalid content type`, {
      isTransient: true,
    })
  }
  if (status < 200 || status > 206) throw await refused(response, isRedirect, options)
  try {
    return { status, text: await textOf(response, options.maxBytes) }
  } catch (cause) {
    if (cause instanceof BodyTooLongError) {
      throw new WebhookCallError(`the response of ${title} is ${cause.message}`)
    }
    throw new WebhookCallError(`the response of ${title} was cut off`, {
      isTransient: isConnectionLost(cause),
      cause,
    })
  }
}

/** Whether a review that is refused with this status is sent again: as in client-go, a 503 only if it asks for a wait. */
export function isTransientRefusal(status: number): boolean {
  return status === 429 || (status >= 500 && status !== 503)
}

async function refused(
  response: HttpResponse,
  isRedirect: boolean,
  { title, isTransientStatus, maxBytes }: PostOptions,
): Promise<WebhookCallError> {
  const { status, headers } = response
  const text = await textOf(response, maxBytes).catch(() => '')
  const sent = await sentStatus(text)
  const retryAfter = headers.get('retry-after') ?? ''
  // Seconds only: a date would depend on the clock of the server.
  const waitMs = /^\d{1,9}$/.test(retryAfter) ? Number(retryAfter) * 1000 : 0
  const retryAfterMs = Math.max(waitMs, sent?.retryAfterMs ?? 0)
  const what = `HTTP status ${status}${isRedirect ? ', a redirect, which is not followed' : ''}`
  return new WebhookCallError(`${title} answered with ${what}`, {
    isTransient: retryAfterMs > 0 || (sent?.isTransient ?? isTransientStatus(status)),
    isTimeout: status === 504 || sent?.isTimeout === true,
    retryAfterMs,
    refusal: { status, contentType: headers.get('content-type') ?? '', text, explanation: sent?.message },
  })
}

/**
 * The `Status` in the body of an error response, and whether a retry may succeed, which is `undefined` if the reason is unknown to Kubernetes.
 * `undefined` if there is none or its `status` is not `Failure`.
 *
 * Source: client-go `rest/request.go` Result.Error; apimachinery `pkg/api/errors/errors.go`; apiserver `pkg/util/webhook/webhook.go`
 * DefaultShouldRetry.
 */
async function sentStatus(text: string) {
  const body = text.trimStart().startsWith('{') ? await parsed(text) : undefined
  if (!isObject(body) || body['kind'] !== 'Status' || body['status'] !== 'Failure') return undefined
  const { message = '', reason = '', details } = body
  if (typeof message !== 'string' || typeof reason !== 'string') return undefined
  const seconds = isObject(details) ? details['retryAfterSeconds'] : 0
  const retryAfterMs = typeof seconds === 'number' && seconds > 0 ? seconds * 1000 : 0
  const isTransient =
    retryAfterMs > 0 || TRANSIENT_REASONS.has(reason) || (FINAL_REASONS.has(reason) ? false : undefined)
  return { message, retryAfterMs, isTransient, isTimeout: reason === 'Timeout' }
}

const TRANSIENT_REASONS: ReadonlySet<string> = new Set([
  'InternalError',
  'ServerTimeout',
  'Timeout',
  'TooManyRequests',
])

/** Without `ServiceUnavailable`, which the webhooks treat differently. */
const FINAL_REASONS: ReadonlySet<string> = new Set([
  'AlreadyExists',
  'BadRequest',
  'Conflict',
  'Expired',
  'Forbidden',
  'Gone',
  'Invalid',
  'MethodNotAllowed',
  'NotAcceptable',
  'NotFound',
  'RequestEntityTooLarge',
  'Unauthorized',
  'UnsupportedMediaType',
])

/** The error codes of connections that were reset, or lost below HTTP/2. One that the webhook closes instead of answering is final. */
const LOST: ReadonlySet<unknown> = new Set([
  'ECONNRESET',
  'ERR_HTTP2_GOAWAY_SESSION',
  'ERR_HTTP2_SESSION_ERROR',
  'ERR_HTTP2_STREAM_ERROR',
])

function isConnectionLost(error: unknown, depth = 3): boolean {
  if (typeof error !== 'object' || error === null || depth === 0) return false
  if ('code' in error && LOST.has(error.code)) return true
  return 'cause' in error && isConnectionLost(error.cause, depth - 1)
}

const TOKEN = "[\\w!#$%&'*+.^`|~-]+"
const QUOTED = '"(?:[^"\\\\\\r\\n]|\\\\.)*"'
const CONTENT_TYPE = new RegExp(
  `^\\s*${TOKEN}(?:/${TOKEN})?\\s*(?:;\\s*${TOKEN}\\s*=\\s*(?:${TOKEN}|${QUOTED})\\s*)*(?:;\\s*)?$`,
)

/**
 * Whether a `Content-Type` can be parsed; an absent one (`''`) is accepted. The media type itself is ignored.
 *
 * Source: Go `mime` ParseMediaType, which client-go calls on every response.
 */
export function isReadableContentType(contentType: string): boolean {
  return contentType === '' || CONTENT_TYPE.test(contentType)
}
