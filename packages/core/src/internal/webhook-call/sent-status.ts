import { isObject } from '../objects.ts'
import { parsed } from './read-review.ts'

/** The relevant fields of a `Status` in an error response. */
export interface SentStatus {
  readonly message: string
  /** The retry delay that the server asks for. */
  readonly retryAfterMs: number
  /** Whether a retry may succeed; `undefined` if the reason is unknown to Kubernetes. */
  readonly isTransient: boolean | undefined
  /** Whether the reason is `Timeout`. */
  readonly isTimeout: boolean
}

/**
 * The `Status` in the body of an error response; `undefined` if there is none or its `status` is not `Failure`.
 *
 * Source: client-go `rest/request.go` Result.Error; apimachinery `pkg/api/errors/errors.go`; apiserver `pkg/util/webhook/webhook.go`
 * DefaultShouldRetry.
 */
export async function sentStatus(text: string): Promise<SentStatus | undefined> {
  const body = text.trimStart().startsWith('{') ? await parsed(text) : undefined
  if (!isObject(body) || body['kind'] !== 'Status' || body['status'] !== 'Failure') return undefined
  const { message = '', reason = '', details } = body
  if (typeof message !== 'string' || typeof reason !== 'string') return undefined
  const seconds = isObject(details) ? details['retryAfterSeconds'] : 0
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
