import { causesOf } from '../http/causes.ts'
import { certificateProblemOf, type ServerCertificateProblem } from '../http/server-certificate.ts'
import { WebhookCallError } from './webhook-call-error.ts'

/** How one call of a webhook ended. */
export interface CallReport {
  readonly result: 'success' | 'error' | 'timeout'
  /** The HTTP status; absent when no answer came. */
  readonly status?: number
  readonly durationSeconds: number
  /** Why the server was not trusted, where that is a kind of certificate that is no longer accepted. */
  readonly certificateProblem?: ServerCertificateProblem
}

/** What is to be told of a call that failed. */
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
 * Source: apiserver `plugin/pkg/authorizer/webhook/webhook.go` Authorize, for what counts as one.
 */
export function isTimeout(error: unknown): boolean {
  if (error instanceof WebhookCallError && error.isTimeout) return true
  return causesOf(error).some(
    (cause) => cause.name === 'TimeoutError' || ('code' in cause && TIMEOUTS.has(cause.code)),
  )
}

/** What runtimes call it. */
const TIMEOUTS: ReadonlySet<unknown> = new Set([
  'ETIMEDOUT',
  'UND_ERR_BODY_TIMEOUT',
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_HEADERS_TIMEOUT',
])
