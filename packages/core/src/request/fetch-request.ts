import { joinedHeaders } from './headers/joined.ts'
import type { AuthenticationRequest, RequestHeaders } from './request.ts'

/** What a runtime can provide to {@link fetchRequest} besides the `Request`. */
export interface FetchRequestExtras {
  /** A better source of headers than the request, if the runtime has one. */
  readonly headers?: RequestHeaders
  readonly httpVersionMajor?: number
  /** The peer address, if the runtime provides it. */
  readonly remoteAddress?: () => string | undefined
  /** The certificates the peer presented, leaf first, as DER. */
  readonly peerCertificates?: () => readonly Uint8Array[]
}

/**
 * A Fetch API `Request` as an {@link AuthenticationRequest}: for Hono, Workers, Deno, Bun and similar runtimes.
 *
 * @example
 * const outcome = await authenticate(fetchRequest(request))
 */
export function fetchRequest(
  request: Pick<Request, 'method' | 'url' | 'headers'>,
  extras: FetchRequestExtras = {},
): AuthenticationRequest {
  return new FetchRequest(request, extras)
}

class FetchRequest implements AuthenticationRequest {
  readonly headers: RequestHeaders
  readonly httpVersionMajor?: number
  readonly remoteAddress?: () => string | undefined
  readonly peerCertificates?: () => readonly Uint8Array[]
  readonly #request: Pick<Request, 'method' | 'url'>

  constructor(request: Pick<Request, 'method' | 'url' | 'headers'>, extras: FetchRequestExtras) {
    this.#request = request
    this.headers = extras.headers ?? joinedHeaders(request.headers)
    if (extras.httpVersionMajor !== undefined) this.httpVersionMajor = extras.httpVersionMajor
    if (extras.remoteAddress !== undefined) this.remoteAddress = extras.remoteAddress
    if (extras.peerCertificates !== undefined) this.peerCertificates = extras.peerCertificates
  }

  get method(): string {
    return this.#request.method
  }

  get path(): string {
    return targetOf(this.#request.url).path
  }

  get query(): string {
    return targetOf(this.#request.url).query
  }

  /** The header, or the host of the URL: not every runtime has the header for HTTP/2. */
  host(): string {
    return this.headers.first('host') ?? /^[a-z]+:\/\/([^/?#]*)/i.exec(this.#request.url)?.[1] ?? ''
  }

  tlsClientAuth(): unknown {
    // Cloudflare's runtime adds this property; clients cannot set it.
    const cf: unknown = 'cf' in this.#request ? this.#request.cf : undefined
    return typeof cf === 'object' && cf !== null && 'tlsClientAuth' in cf ? cf.tlsClientAuth : undefined
  }
}

/** Path and query of a request target in any of its forms (RFC 9112 section 3.2), as sent. */
export function targetOf(target: string): { readonly path: string; readonly query: string } {
  const local = /^[A-Za-z][A-Za-z0-9+.-]*:\/\/[^/?#]*/.exec(target)?.[0].length ?? 0
  const fragment = target.indexOf('#', local)
  const whole = target.slice(local, fragment === -1 ? undefined : fragment)
  const mark = whole.indexOf('?')
  const path = mark === -1 ? whole : whole.slice(0, mark)
  return { path: path === '' ? '/' : path, query: mark === -1 ? '' : whole.slice(mark + 1) }
}
