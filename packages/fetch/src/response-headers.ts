import { warningHeaders } from '@kube-authn/core/adapter'
import type { AnswerHeaders } from '@kube-authn/core/internal'

/** The headers that a response of the app gets: warnings, and the id of the request in audit logs. */
export class ResponseHeaders implements AnswerHeaders {
  readonly #added: (readonly [name: string, value: string])[] = []

  hasHeader(): boolean {
    return false
  }

  setHeader(name: string, value: string): void {
    this.#added.push([name, value])
  }

  /** Adds them to a response; to a copy of it if its headers are immutable. Existing headers are kept. */
  addTo(response: Response, warnings: readonly string[]): Response {
    const missing = this.#added.filter(([name]) => !response.headers.has(name))
    const all = [...missing, ...warningHeaders(warnings).map((value) => ['Warning', value] as const)]
    // A WebSocket or an error has no headers that an app could set.
    if (all.length === 0 || response.status < 200) return response
    try {
      return withHeaders(response, all)
    } catch {
      return withHeaders(new Response(response.body, response), all)
    }
  }
}

function withHeaders(
  response: Response,
  added: readonly (readonly [name: string, value: string])[],
): Response {
  for (const [name, value] of added) response.headers.append(name, value)
  return response
}
