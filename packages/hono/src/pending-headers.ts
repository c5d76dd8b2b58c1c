import type { AnswerHeaders } from '@kube-authn/core/adapter'
import type { Context } from 'hono'

/**
 * Headers for the answer of a context, until there is one: where a handler answers with a Response of its own, Hono leaves out what was set
 * before, and where it could not, as by `c.res`, it makes another Response of it, which a WebSocket does not survive.
 */
export class PendingHeaders implements AnswerHeaders {
  readonly #pending: (readonly [name: string, value: string])[] = []

  hasHeader(): boolean {
    return false
  }

  setHeader(name: string, value: string): void {
    this.#pending.push([name, value])
  }

  /** The answer is there. A header that it has already stays. */
  addTo(c: Context): void {
    if (c.res.status === SWITCHING_PROTOCOLS) return
    for (const [name, value] of this.#pending) if (!c.res.headers.has(name)) c.header(name, value)
  }

  /** The answer is this, and Hono is still to be told. */
  addToResponse(response: Response): Response {
    const missing = this.#pending.filter(([name]) => !response.headers.has(name))
    if (missing.length === 0) return response
    const changeable = new Response(response.body, response)
    for (const [name, value] of missing) changeable.headers.set(name, value)
    return changeable
  }

  /** The answer is what Hono makes of an error. */
  addToError(c: Context): void {
    if (!c.finalized) for (const [name, value] of this.#pending) c.res.headers.set(name, value)
  }
}

const SWITCHING_PROTOCOLS = 101
