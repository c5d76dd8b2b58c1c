import { branded } from '../internal/brand.ts'

/** Options of an {@link AuthorizationError}. */
export interface AuthorizationErrorOptions {
  /** What led to this, for logs; never sent to a client. */
  readonly cause?: unknown
  /** The errors this one sums up, in order. */
  readonly errors?: readonly AuthorizationError[]
  /** The server is too busy to find out, and the client may try again after this time. The answer is 503 then. */
  readonly retryAfterSeconds?: number
}

/**
 * An authorizer could not tell. The message is sent to the client, as Kubernetes does, so it names no address and no secret;
 * those belong into `cause`.
 */
export class AuthorizationError extends Error {
  override readonly name = 'AuthorizationError'
  readonly code = 'unavailable'
  /** What is summed up here: empty unless several authorizers of a union failed. */
  readonly errors: readonly AuthorizationError[]
  /** Nothing was asked because too much was under way, and it may be asked for again after this time. */
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

/** Anything thrown, as an {@link AuthorizationError}. What a fault in an authorizer says is for logs only. */
export function asAuthorizationError(thrown: unknown): AuthorizationError {
  if (isAuthorizationError(thrown)) return thrown
  return new AuthorizationError('authorization failed unexpectedly', { cause: thrown })
}

/**
 * Several errors as one, with the text of Kubernetes' aggregate: flattened, equal texts once, `[first, second]`.
 *
 * Source: apimachinery `pkg/util/errors`.
 */
export function aggregateErrors(errors: readonly AuthorizationError[]): AuthorizationError | undefined {
  const flat = new Map<string, AuthorizationError>()
  for (const error of errors.flatMap((each) => (each.errors.length > 0 ? each.errors : [each]))) {
    if (!flat.has(error.message)) flat.set(error.message, error)
  }
  const distinct = [...flat.values()]
  if (distinct.length <= 1) return distinct[0]
  const waits = distinct.flatMap(({ retryAfterSeconds: seconds }) => (seconds === undefined ? [] : [seconds]))
  return new AuthorizationError(aggregateText([...flat.keys()]), {
    errors: distinct,
    ...(waits.length > 0 && { retryAfterSeconds: Math.max(...waits) }),
  })
}

/** The text of Kubernetes' aggregate of these texts, which must not be empty. */
export function aggregateText(texts: readonly string[]): string {
  const distinct = [...new Set(texts)]
  return distinct.length > 1 ? `[${distinct.join(', ')}]` : (distinct[0] ?? '')
}
