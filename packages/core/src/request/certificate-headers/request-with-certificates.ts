import type { Authentication, Authenticator } from '../../authenticator/authenticator.ts'
import type { Awaitable } from '../../internal/awaitable.ts'
import { presentsCertificate } from '../../authenticator/bound-certificate.ts'
import { askRequest, consult } from '../../authenticator/consult.ts'
import type { Context } from '../../authenticator/context.ts'
import { InnerContext } from '../../authenticator/inner-context.ts'
import type { AuthenticationRequest, RequestHeaders } from '../request.ts'
import type { StatusError } from '../../authenticator/status.ts'

/** Calls the delegate with the same request, but with these certificates instead of those of the connection. */
export function consultWithCertificates(
  delegate: Authenticator,
  request: AuthenticationRequest,
  certificates: readonly Uint8Array[],
  context: Context,
): Awaitable<Authentication | undefined> {
  const shown = new RequestWithCertificates(request, certificates)
  const own = new ContextOfRequest(context, shown)
  return consult(askRequest, delegate, shown, own)
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

  get refusal(): StatusError | undefined {
    return this.#request.refusal
  }

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

  requestsCertificate(): boolean | undefined {
    return this.#request.requestsCertificate?.()
  }

  host(): string | undefined {
    return this.#request.host?.()
  }

  remoteAddress(): string | undefined {
    return this.#request.remoteAddress?.()
  }

  tlsClientAuth(): unknown {
    return this.#request.tlsClientAuth?.()
  }
}

/** The same context, but its client holds the certificate of the given request. */
class ContextOfRequest extends InnerContext {
  readonly #request: AuthenticationRequest

  constructor(context: Context, request: AuthenticationRequest) {
    super(context)
    this.#request = request
  }

  override holdsCertificate(thumbprint: string): Awaitable<boolean> {
    return presentsCertificate(this.#request, thumbprint)
  }
}
