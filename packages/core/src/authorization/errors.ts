import { branded } from '@kube-authn/internal/brand'
import { KubeAuthnError } from '../authenticator/kube-authn-error.ts'

/** Options of an {@link AuthorizationError}. */
export interface AuthorizationErrorOptions {
  /** The cause, for logs; never sent to a client. */
  readonly cause?: unknown
  /** The errors that this one aggregates, in order. */
  readonly errors?: readonly AuthorizationError[]
  /** The decision cannot be made now, as when the server is too busy; the client may retry after this time. The answer is a 503. */
  readonly retryAfterSeconds?: number
}

/** An authorizer could not decide. The message is sent to the client, as in Kubernetes, so it must not contain addresses or secrets; those belong in `cause`. */
export class AuthorizationError extends KubeAuthnError {
  override readonly name = 'AuthorizationError'
  readonly code = 'unavailable'
  /** The aggregated errors: empty unless several authorizers of a union failed. */
  readonly errors: readonly AuthorizationError[]
  /** The authorizer was too busy to be asked; the client may retry after this time. */
  readonly retryAfterSeconds: number | undefined

  constructor(message: string, options: AuthorizationErrorOptions = {}) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined)
    this.errors = options.errors ?? []
    this.retryAfterSeconds = options.retryAfterSeconds
  }
}

/** Whether this is an {@link AuthorizationError}, of this copy of the package or of another. */
const isAuthorizationError: (value: unknown) => value is AuthorizationError = branded(
  AuthorizationError,
  'AuthorizationError',
  ({ message, errors }) =>
    typeof message === 'string' &&
    Array.isArray(errors) &&
    errors.every((each) => isAuthorizationError(each)),
)

/** Converts anything thrown to an {@link AuthorizationError}. The message of an unexpected error is for logs only. */
export function asAuthorizationError(thrown: unknown): AuthorizationError {
  if (isAuthorizationError(thrown)) return thrown
  return new AuthorizationError('authorization failed unexpectedly', { cause: thrown })
}
