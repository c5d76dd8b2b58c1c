import { isAuthenticationError } from '@kube-authn/core/internal'

/** The kinds of failures of a login or logout. Each has its page. */
export type LoginFailureKind =
  /** The request is not one that a browser makes in a login, or its login is over: 400. */
  | 'expired'
  /** The request comes from a page of another origin: 403. */
  | 'crossOrigin'
  /** The provider, or the person there, refused: 403. */
  | 'denied'
  /** The login succeeded at the provider, but the chain does not accept its token: 403. */
  | 'notAccepted'
  /** The answer of the provider cannot be used: 502. */
  | 'badAnswer'
  /** The provider, or the store of the sessions, cannot be reached: 503. */
  | 'unavailable'

/** Details of a failed attempt for its page. */
export interface AfterFailure {
  /** Where a new attempt goes on. */
  readonly returnTo?: string
  readonly setCookies?: readonly string[]
}

/** A login or logout that ends with a page of ours. The message is for the log: it has no token, code or secret. */
export class LoginFailure extends Error {
  override readonly name = 'LoginFailure'
  readonly kind: LoginFailureKind
  readonly returnTo: string | undefined
  readonly setCookies: readonly string[]

  constructor(kind: LoginFailureKind, message: string, { returnTo, setCookies = [] }: AfterFailure = {}) {
    super(message)
    this.kind = kind
    this.returnTo = returnTo
    this.setCookies = setCookies
  }

  /** The same failure, with other details for its page. */
  followedBy(after: AfterFailure): LoginFailure {
    return new LoginFailure(this.kind, this.message, after)
  }
}

/** An error of what a login asks as a failure of it. @throws the error itself if it is a fault. */
export function asLoginFailure(error: unknown): LoginFailure {
  if (error instanceof LoginFailure) return error
  if (!isAuthenticationError(error)) throw error
  return new LoginFailure(error.code === 'unavailable' ? 'unavailable' : 'notAccepted', error.message)
}
