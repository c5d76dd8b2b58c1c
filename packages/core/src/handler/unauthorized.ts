import type { AuthenticationRequest } from '../request/request.ts'
import type { StatusError } from '../authenticator/status.ts'
import { Given } from '../internal/given.ts'

/** Makes the 401 of a request, with its challenges. */
export type Unauthorized = () => StatusError

/** The 401 of a request, in a private field of it: entries of a `WeakMap` delay every garbage collection. */
class Unauthenticated extends Given {
  #answer: Unauthorized

  constructor(request: AuthenticationRequest, answer: Unauthorized) {
    super(request)
    this.#answer = answer
  }

  static keep(request: AuthenticationRequest, answer: Unauthorized): void {
    if (#answer in request) request.#answer = answer
    else void new Unauthenticated(request, answer)
  }

  static of(request: AuthenticationRequest): Unauthorized | undefined {
    return #answer in request ? request.#answer : undefined
  }
}

/** Keeps the 401 of a request for guards, which do not know the schemes of the authenticator. */
export function keepUnauthorized(request: AuthenticationRequest, answer: Unauthorized): void {
  Unauthenticated.keep(request, answer)
}

/** The 401 of a request that is not authenticated; `undefined` if it is, or if it was not tried. */
export function unauthorizedFor(request: AuthenticationRequest): Unauthorized | undefined {
  return Unauthenticated.of(request)
}
