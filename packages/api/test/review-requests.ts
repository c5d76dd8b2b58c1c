import type { AuthenticationRequest } from '@kube-authn/core'
import { exactHeaders, type ReadBody } from '@kube-authn/core/internal'
import { fetchRequest, type HttpAnswer } from '@kube-authn/core/adapter'

/** A request with a body: bytes as they are, a text as UTF-8, anything else as JSON. */
export interface SentReview {
  readonly request: AuthenticationRequest
  readonly body: ReadBody
}

export interface SentReviewInit {
  readonly method?: string
  readonly url?: string
  readonly headers?: Readonly<Record<string, string>>
}

export function sent(body: unknown, init: SentReviewInit = {}): SentReview {
  const { method = 'POST', url = '/', headers = {} } = init
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  const bytes = body instanceof Uint8Array ? body : new TextEncoder().encode(text)
  return {
    request: fetchRequest(
      { method, url, headers: new Headers() },
      { headers: exactHeaders(Object.entries(headers).flat(), (value) => value) },
    ),
    body: (maxBytes) => Promise.resolve(bytes.length > maxBytes ? undefined : bytes),
  }
}

/** What an answer says. */
export interface Answered extends Readonly<Record<string, unknown>> {
  readonly code: number
  readonly warnings: readonly string[]
}

export function answered(answer: HttpAnswer | undefined): Answered {
  if (answer === undefined) throw new Error('there is no answer')
  const warnings = answer.headers['warning'] ?? []
  return {
    ...(JSON.parse(answer.content) as object),
    code: answer.status,
    warnings: typeof warnings === 'string' ? [warnings] : warnings,
  }
}
