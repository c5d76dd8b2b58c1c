import { causesOf } from '../thrown.ts'
import { certificateProblemOf, type ServerCertificateProblem } from '../http/server-certificate.ts'
import { WebhookCallError } from './webhook-call-error.ts'

/** How one call of a webhook ended. */
export interface CallReport {
  readonly result: 'success' | 'error' | 'timeout'
  /** The HTTP status; absent if there was no response. */
  readonly status?: number
  readonly durationSeconds: number
  /** Why the server was not trusted, if its certificate is of a kind that is no longer accepted. */
  readonly certificateProblem?: ServerCertificateProblem
}

/** The report of a failed call. */
export function reportOfFailure(error: unknown, durationSeconds: number): CallReport {
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
