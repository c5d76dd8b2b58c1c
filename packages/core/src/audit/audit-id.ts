import type { ReceivedEvent } from '../authenticator/events.ts'
import type { AuthenticationRequest } from '../request/request.ts'

/** The request and response header with the id of a request in audit logs. */
export const AUDIT_ID_HEADER = 'Audit-ID'

/** Visible ASCII, at most as many characters as kube-apiserver logs. */
const USABLE_ID = /^[!-~]{1,64}$/

/**
 * The id of a request in audit logs: the one sent by the client, otherwise a new one. A client or proxy can thus find its request in the
 * logs of all servers involved. It need not be unique, since clients may choose it.
 *
 * Source: apiserver `pkg/endpoints/filters/audit_init.go`.
 *
 * Deviation: an id that is too long or has other characters is replaced (`docs/deviations.md`, audit ids).
 */
export function auditIdOf(request: AuthenticationRequest, newId: () => string): string {
  // The headers of a request that is refused unread cannot be read.
  const given = request.refusal === undefined ? request.headers.first('audit-id') : undefined
  return given !== undefined && USABLE_ID.test(given) ? given : newId()
}

/** The headers of a response that is not sent yet, as in Node's `ServerResponse`. */
export interface AnswerHeaders {
  hasHeader(name: string): boolean
  setHeader(name: string, value: string): unknown
}

/** The ids of requests, so that each is the same for every later caller. */
const ids = new WeakMap<AuthenticationRequest, string>()

/** The event that adapters emit before they call an authenticator. A class, since one is made for every observed request. */
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
      this.#auditId = ids.get(this.request) ?? auditIdOf(this.request, newId)
      ids.set(this.request, this.#auditId)
      this.#tellClient(this.#auditId)
    }
    return this.#auditId
  }

  #tellClient(auditId: string): void {
    try {
      if (!this.#answer.hasHeader(AUDIT_ID_HEADER)) this.#answer.setHeader(AUDIT_ID_HEADER, auditId)
    } catch {
      // The response was sent, or its connection is closed.
    }
  }
}
