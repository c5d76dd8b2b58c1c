import type { AuthenticationError } from '../authenticator/errors.ts'
import type { Authenticator } from '../authenticator/authenticator.ts'
import type { StatusError } from '../authenticator/status.ts'
import type { UserInfo } from '../authenticator/user.ts'
import { exactHeaders } from '../request/headers/exact.ts'
import type { AuthenticationRequest, RequestHeaders } from '../request/request.ts'

/** A refused request, for the log. */
export interface Refusal {
  readonly request: AuthenticationRequest
  readonly failure: StatusError
  readonly by: 'authentication' | 'impersonation' | 'authorization'
  /** Why authentication failed; absent if no authenticator had an opinion. */
  readonly error?: AuthenticationError | undefined
  /** That of authentication. */
  readonly authenticator?: Authenticator
  /** The user that may not make the request. */
  readonly user?: UserInfo | undefined
}

/** The same refusal, without references to a request that changes as soon as it is answered. */
export function keptRefusal(refusal: Refusal): Refusal {
  return { ...refusal, request: keptRequest(refusal.request) }
}

function keptRequest(request: AuthenticationRequest): AuthenticationRequest {
  const { method, path, query, refusal } = request
  const address = request.clientAddress?.() ?? request.remoteAddress?.()
  const asks = request.requestsCertificate?.()
  const chain = presented(request)
  return {
    method,
    path,
    query,
    refusal,
    headers: keptHeaders(request),
    remoteAddress: () => address,
    requestsCertificate: () => asks,
    peerCertificates: () => chain,
  }
}

function keptHeaders(request: AuthenticationRequest): RequestHeaders {
  const entries = request.refusal === undefined ? [...request.headers.entries()].flat() : []
  return exactHeaders(entries, (value) => value)
}

function presented(request: AuthenticationRequest): readonly Uint8Array[] {
  try {
    return request.peerCertificates?.() ?? []
  } catch {
    // The connection is closed.
    return []
  }
}
