import { isFields, parsed } from './read-review.ts'

/** What a Status says that came with a refusal. */
export interface SentStatus {
  readonly message: string
  /** How long the server asks to be left alone. */
  readonly retryAfterMs: number
  /** Whether another call may do better; `undefined` where its reason is none that Kubernetes knows. */
  readonly isTransient: boolean | undefined
  /** Its reason is that the server had no answer in time. */
  readonly isTimeout: boolean
}

/**
 * The Status in the body of a refusal; `undefined` when there is none, or one that says that nothing failed.
 *
 * Source: client-go `rest/request.go` Result.Error; apimachinery `pkg/api/errors/errors.go`; apiserver `pkg/util/webhook/webhook.go`
 * DefaultShouldRetry.
 */
export async function sentStatus(text: string): Promise<SentStatus | undefined> {
  const body = text.trimStart().startsWith('{') ? await parsed(text) : undefined
  if (!isFields(body) || body['kind'] !== 'Status' || body['status'] !== 'Failure') return undefined
  const { message = '', reason = '', details } = body
  if (typeof message !== 'string' || typeof reason !== 'string') return undefined
  const seconds = isFields(details) ? details['retryAfterSeconds'] : 0
  const retryAfterMs = typeof seconds === 'number' && seconds > 0 ? seconds * 1000 : 0
  return {
    message,
    retryAfterMs,
    isTransient: retryAfterMs > 0 || isTransientReason(reason),
    isTimeout: reason === 'Timeout',
  }
}

function isTransientReason(reason: string): boolean | undefined {
  if (TRANSIENT_REASONS.has(reason)) return true
  return FINAL_REASONS.has(reason) ? false : undefined
}

const TRANSIENT_REASONS: ReadonlySet<string> = new Set([
  'InternalError',
  'ServerTimeout',
  'Timeout',
  'TooManyRequests',
])

/** But for `ServiceUnavailable`, on which the webhooks differ. */
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
