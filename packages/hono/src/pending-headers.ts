import type { AnswerHeaders } from '@kube-authn/core/internal'
import type { Context } from 'hono'

/**
 * Response headers of a context, kept until there is a response: if a handler returns its own Response, Hono drops headers set before. Setting them
 * by `c.res` would make Hono copy the Response, which breaks a WebSocket.
 */
export class PendingHeaders implements AnswerHeaders {
  readonly #pending: (readonly [name: string, value: string])[] = []

  hasHeader(): boolean {
    return false
  }

  setHeader(name: string, value: string): void {
    this.#pending.push([name, value])
  }

  /** Adds them to the response of the context. Existing headers are kept. */
  addTo(c: Context): void {
    if (c.res.status === SWITCHING_PROTOCOLS) return
    for (const [name, value] of this.#pending) if (!c.res.headers.has(name)) c.header(name, value)
  }

  /** Adds them to a response before it is returned to Hono. */
  addToResponse(response: Response): Response {
    const missing = this.#pending.filter(([name]) => !response.headers.has(name))
    if (missing.length === 0) return response
    const changeable = new Response(response.body, response)
    for (const [name, value] of missing) changeable.headers.set(name, value)
    return changeable
  }

  /** Adds them to the response that Hono creates for an error. */
  addToError(c: Context): void {
    if (!c.finalized) for (const [name, value] of this.#pending) c.res.headers.set(name, value)
  }
}

const SWITCHING_PROTOCOLS = 101
