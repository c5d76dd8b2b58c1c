import { textFromLatin1 } from '@kube-authn/internal/byte-text'
import { ExactHeaders } from '../../request/headers/exact.ts'
import { hasCompleteFields } from './complete-fields.ts'
import type { NodeRequest } from './node-request.ts'

/** Another object in which an application sees the headers of a message, and from which it may delete some. */
export interface HeadersView {
  /** @param name in lower case. */
  has(name: string): boolean
}

/** The headers of a message as sent, without those that an application has deleted. */
export class MessageHeaders extends ExactHeaders {
  readonly complete: boolean
  readonly #message: NodeRequest
  readonly #view: HeadersView | undefined

  constructor(message: NodeRequest, view: HeadersView | undefined) {
    super(message.rawHeaders, textFromLatin1)
    this.complete = hasCompleteFields(message)
    this.#message = message
    this.#view = view
  }

  /** Node makes `headers` on first access, which happens in its own servers anyway. */
  protected override counts(name: string): boolean {
    const value = this.#message.headers[name]
    return value !== undefined && value !== null && (this.#view === undefined || this.#view.has(name))
  }
}
