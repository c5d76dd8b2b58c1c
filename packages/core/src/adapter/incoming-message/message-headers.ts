import { textFromLatin1 } from '../../internal/byte-text.ts'
import { ExactHeaders } from '../../request/headers/exact.ts'
import { hasCompleteFields } from './complete-fields.ts'
import type { NodeRequest } from './node-request.ts'

/** Another place where an application sees the headers of a message, and takes some out. */
export interface HeadersView {
  /** @param name in lower case. */
  has(name: string): boolean
}

/** The headers of a message as they were sent, without those that an application took out where it sees them. */
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

  /** Node makes `headers` when they are first read, which its servers do themselves. */
  protected override counts(name: string): boolean {
    const value = this.#message.headers[name]
    return value !== undefined && value !== null && (this.#view === undefined || this.#view.has(name))
  }
}
