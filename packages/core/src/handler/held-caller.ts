import type { Authentication } from '../authenticator/authenticator.ts'
import type { StatusError } from '../authenticator/status.ts'
import type { AuthenticatedRequest } from './authenticate-request.ts'

/** A request that has no user, as its impersonation is not granted. */
export interface HeldRequest {
  /** The error wherever a user is needed. */
  readonly failure: StatusError
  /** The caller, until impersonation is decided. */
  readonly caller?: Authentication
}

/** Holds the caller of a request with `unresolvedImpersonation`, which is read when the failure is first: nearly always, impersonation decides before. */
export class HeldCaller implements HeldRequest {
  readonly caller: Authentication
  readonly #outcome: AuthenticatedRequest
  #failure: StatusError | undefined

  constructor(outcome: AuthenticatedRequest) {
    this.caller = outcome.authentication
    this.#outcome = outcome
  }

  get failure(): StatusError {
    this.#failure ??= this.#outcome.unresolvedImpersonation
    if (this.#failure === undefined) throw new TypeError('the request is not held')
    return this.#failure
  }
}
