import type { ReceivedEvent } from '../authenticator/events.ts'
import type { AuthenticationRequest } from '../request/request.ts'

/** The header with the id of a request in audit logs, of a request and of its answer. */
export const AUDIT_ID_HEADER = 'Audit-ID'

/** Visible ASCII, of as many characters as kube-apiserver logs of one. */
const USABLE_ID = /^[!-~]{1,64}$/

/**
 * The id of a request in audit logs: what its client calls it, else a new one. So a client, or a proxy before it, finds its request in the logs
 * of all that took part in it. It need not be unique, since the client says what it is.
 *
 * Source: apiserver `pkg/endpoints/filters/audit_init.go`.
 *
 * Deviation: an id that is long or has other characters is replaced (`docs/deviations.md`, audit ids).
 */
export function auditIdOf(request: AuthenticationRequest, newId: () => string): string {
  // The headers of a request that is refused unread cannot be read.
  const given = request.refusal === undefined ? request.headers.first('audit-id') : undefined
  return given !== undefined && USABLE_ID.test(given) ? given : newId()
}

/** The headers of an answer that is still to come, as Node's `ServerResponse` has them. */
export interface AnswerHeaders {
  hasHeader(name: string): boolean
  setHeader(name: string, value: string): unknown
}

/** What adapters tell before they ask an authenticator. A class: it is made for every request that is observed. */
export class Received implements ReceivedEvent {
  readonly type = 'received'
  readonly request: AuthenticationRequest
  readonly #answer: AnswerHeaders
  #auditId: string | undefined

  constructor(request: AuthenticationRequest, answer: AnswerHeaders) {
    this.request = request
    this.#answer = answer
  }

  auditId(newId: () => string): string {
    if (this.#auditId === undefined) {
      this.#auditId = auditIdOf(this.request, newId)
      this.#tellClient(this.#auditId)
    }
    return this.#auditId
  }

  #tellClient(auditId: string): void {
    try {
      if (!this.#answer.hasHeader(AUDIT_ID_HEADER)) this.#answer.setHeader(AUDIT_ID_HEADER, auditId)
    } catch {
      // The answer was sent, or its connection is gone.
    }
  }
}
