import type { AuthenticationRequest, RequestHeaders } from '@kube-authn/core'
import { StatusError } from '@kube-authn/core/adapter'

/** A method and a target that the proxy was asked for. */
export interface OriginalTarget {
  readonly method: string
  /** With the query. */
  readonly target: string
}

/** Reads what the proxy was asked for. @throws {StatusError} 400 if it does not say so, exactly once. */
export type ReadOriginal = (request: AuthenticationRequest) => OriginalTarget

const METHOD = /^[!#$%&'*+.^_`|~\w-]+$/
/** Printable ASCII. Where headers are joined, two values have a space between them. */
const TARGET = /^\/[!-~]*$/

/** Reads it from two headers. */
export function fromHeaders(methodHeader: string, targetHeader: string): ReadOriginal {
  return ({ headers }) => {
    const method = onlyValue(headers, methodHeader)
    const target = onlyValue(headers, targetHeader)
    if (method === undefined || !METHOD.test(method) || target === undefined || !TARGET.test(target)) {
      throw badRequest(
        `the proxy must send one ${methodHeader} and one ${targetHeader}, of a method and a path`,
      )
    }
    return { method, target }
  }
}

/** Reads it from the request itself. */
export function afterPrefix(prefix: string): ReadOriginal {
  return ({ method, path, query }) => {
    if (!path.startsWith(`${prefix}/`)) throw badRequest(`the proxy must put ${prefix} before the path`)
    const rest = path.slice(prefix.length)
    return { method, target: query === '' ? rest : `${rest}?${query}` }
  }
}

function onlyValue(headers: RequestHeaders, name: string): string | undefined {
  const values = headers.all(name)
  return values.length === 1 ? values[0] : undefined
}

function badRequest(message: string): StatusError {
  return new StatusError({ status: 400, reason: 'BadRequest', message })
}

/**
 * The request that the client made to the proxy. The certificates of the connection are those of the proxy, and never count: otherwise each client would be
 * the proxy.
 */
export class OriginalRequest implements AuthenticationRequest {
  readonly method: string
  readonly path: string
  readonly query: string
  readonly #received: AuthenticationRequest

  constructor(received: AuthenticationRequest, { method, target }: OriginalTarget) {
    const [path = '', ...query] = target.split('?')
    this.method = method
    this.path = path
    this.query = query.join('?')
    this.#received = received
  }

  get headers(): RequestHeaders {
    return this.#received.headers
  }

  /** The question of a proxy may be for another host than the request. */
  host(): string | undefined {
    return onlyValue(this.headers, 'x-forwarded-host') ?? this.#received.host?.()
  }

  remoteAddress(): string | undefined {
    return this.#received.remoteAddress?.()
  }

  clientAddress(): string | undefined {
    return this.#received.clientAddress?.()
  }

  peerCertificates(): readonly Uint8Array[] {
    return []
  }
}
