import type { AuthenticationRequest } from '../request/request.ts'
import type { StatusError } from '../authenticator/status.ts'

/** Makes the 401 of a request, with its challenges. */
export type Unauthorized = () => StatusError

const unauthorized = new WeakMap<AuthenticationRequest, Unauthorized>()

/** Keeps the 401 of a request for guards, which do not know the schemes of the authenticator. */
export function keepUnauthorized(request: AuthenticationRequest, answer: Unauthorized): void {
  unauthorized.set(request, answer)
}

/** The 401 of a request that is not authenticated; `undefined` if it is, or if it was not tried. */
export function unauthorizedFor(request: AuthenticationRequest): Unauthorized | undefined {
  return unauthorized.get(request)
}
