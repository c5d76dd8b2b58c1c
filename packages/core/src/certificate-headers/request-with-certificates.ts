import type { AuthenticationRequest, RequestHeaders } from '../request/request.ts'

/** The same request, with these certificates in the place of those of its own connection. */
export function withPeerCertificates(
  request: AuthenticationRequest,
  certificates: readonly Uint8Array[],
): AuthenticationRequest {
  return new RequestWithCertificates(request, certificates)
}

class RequestWithCertificates implements AuthenticationRequest {
  readonly #request: AuthenticationRequest
  readonly #certificates: readonly Uint8Array[]

  constructor(request: AuthenticationRequest, certificates: readonly Uint8Array[]) {
    this.#request = request
    this.#certificates = certificates
    if (request.httpVersionMajor !== undefined) this.httpVersionMajor = request.httpVersionMajor
  }

  readonly httpVersionMajor?: number

  get method(): string {
    return this.#request.method
  }

  get path(): string {
    return this.#request.path
  }

  get query(): string {
    return this.#request.query
  }

  get headers(): RequestHeaders {
    return this.#request.headers
  }

  peerCertificates(): readonly Uint8Array[] {
    return this.#certificates
  }

  tlsClientAuth(): unknown {
    return this.#request.tlsClientAuth?.()
  }
}
