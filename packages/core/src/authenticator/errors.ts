import { branded } from '@kube-authn/internal/brand'
import { KubeAuthnError } from './kube-authn-error.ts'

/**
 * Why an authenticator failed.
 *
 * - `rejected`: the credential is of this authenticator's kind, and it is bad.
 * - `unavailable`: the credential could not be checked. An outage is never reported as a bad password.
 *
 * No more will be added.
 */
export type AuthenticationErrorCode = 'rejected' | 'unavailable'

/** Options of an {@link AuthenticationError}. */
export interface AuthenticationErrorOptions {
  /** The underlying error, for logs; never sent to a client. */
  readonly cause?: unknown
  /** The errors this one aggregates, in order. */
  readonly errors?: readonly AuthenticationError[]
  /** With `unavailable`: the check cannot be made now, as when the server is too busy, and the client may retry after this time. The response is 503 then. */
  readonly retryAfterSeconds?: number
  /** Whether a union stops here and does not ask the remaining authenticators. Default `false`. */
  readonly isFinal?: boolean
}

/**
 * The third outcome of an authenticator, besides a user and no opinion.
 *
 * The message is for operators. It names what was wrong and never contains any part of the credential. Clients get a fixed message.
 *
 * {@link isAuthenticationError} and `instanceof` also recognise errors from another copy of this package.
 */
export class AuthenticationError extends KubeAuthnError {
  override readonly name = 'AuthenticationError'
  readonly code: AuthenticationErrorCode
  /** The aggregated errors: empty unless several authenticators of a union failed. */
  readonly errors: readonly AuthenticationError[]
  /** Set if the credential was not checked because too many checks were in progress: the client may retry after this time. */
  readonly retryAfterSeconds: number | undefined
  /** Whether the error concerns the whole request rather than one credential, so that no other credential can make up for it: a union stops here, as {@link failFast} does at every error. */
  readonly isFinal: boolean

  constructor(code: AuthenticationErrorCode, message: string, options: AuthenticationErrorOptions = {}) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined)
    this.code = code
    this.errors = options.errors ?? []
    this.retryAfterSeconds = code === 'unavailable' ? options.retryAfterSeconds : undefined
    this.isFinal = options.isFinal ?? false
  }
}

/** Whether this is an {@link AuthenticationError}, of this or another copy of the package. One with an unknown `code` does not count. */
export const isAuthenticationError: (value: unknown) => value is AuthenticationError = branded(
  AuthenticationError,
  'AuthenticationError',
  ({ code, message, errors }) =>
    (code === 'rejected' || code === 'unavailable') &&
    typeof message === 'string' &&
    Array.isArray(errors) &&
    errors.every((each) => isAuthenticationError(each)),
)

/** The credential is bad. */
export function rejected(message: string, options?: AuthenticationErrorOptions): AuthenticationError {
  return new AuthenticationError('rejected', message, options)
}

/** The credential could not be checked. */
export function unavailable(message: string, options?: AuthenticationErrorOptions): AuthenticationError {
  return new AuthenticationError('unavailable', message, options)
}

/**
 * Converts anything thrown to an {@link AuthenticationError}. A fault in an authenticator says nothing about the credential, so it
 * counts as `unavailable`, with the message kube-apiserver uses for a panic.
 */
export function asAuthenticationError(thrown: unknown): AuthenticationError {
  if (isAuthenticationError(thrown)) return thrown
  return unavailable(FAULT, { cause: thrown })
}

const FAULT = 'Internal error occurred: authentication failed unexpectedly'

/** Whether the error, or one of those it aggregates, is a fault in an authenticator: it threw something other than an {@link AuthenticationError}, which is the `cause`. */
export function isFault(error: AuthenticationError): boolean {
  return error.message === FAULT || error.errors.some(isFault)
}

/**
 * Combines several errors into one, with the message of Kubernetes' aggregate: flattened, without duplicate messages, `[first, second]`.
 * It is `unavailable` if any of them is, since the missing answer might have been a user, and final if any of them is. Its
 * `retryAfterSeconds` is the longest of theirs.
 *
 * Source: apimachinery `pkg/util/errors`.
 */
export function aggregate(errors: readonly AuthenticationError[]): AuthenticationError {
  const [first] = errors
  if (first !== undefined && errors.length === 1 && first.errors.length === 0) return first
  const flat = new Map<string, AuthenticationError>()
  let retryAfterSeconds: number | undefined
  for (const error of errors.flatMap((each) => (each.errors.length > 0 ? each.errors : [each]))) {
    const seen = flat.get(error.message)
    if (seen === undefined || weightOf(error) > weightOf(seen)) flat.set(error.message, error)
    if (error.retryAfterSeconds !== undefined) {
      retryAfterSeconds = Math.max(retryAfterSeconds ?? 0, error.retryAfterSeconds)
    }
  }
  const distinct = [...flat.values()]
  const isFinal = errors.some((error) => error.isFinal)
  const [only] = distinct
  if (only !== undefined && distinct.length === 1 && (only.isFinal || !isFinal)) return only
  const code = distinct.some((error) => error.code === 'unavailable') ? 'unavailable' : 'rejected'
  const texts = [...flat.keys()].join(', ')
  return new AuthenticationError(code, distinct.length === 1 ? texts : `[${texts}]`, {
    errors: distinct,
    isFinal,
    ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
  })
}

/** Among errors with the same message, the one with the most useful details is kept. */
function weightOf({ code, retryAfterSeconds }: AuthenticationError): number {
  if (code === 'rejected') return 0
  return retryAfterSeconds === undefined ? 1 : 2
}

/** One problem in a configuration. */
export interface ConfigurationProblem {
  /** The option, as in `anonymous.conditions[0].path`. */
  readonly path: string
  readonly message: string
}

/** The configuration is invalid. Thrown at construction with every problem found, never at the first request. */
export class ConfigurationError extends KubeAuthnError {
  override readonly name = 'ConfigurationError'
  readonly code = 'invalidConfiguration'
  readonly problems: readonly ConfigurationProblem[]

  constructor(problems: readonly ConfigurationProblem[], options?: { readonly cause?: unknown }) {
    super(problems.map((problem) => `${problem.path}: ${problem.message}`).join('; '), options)
    this.problems = problems
  }
}

/** Whether this is a {@link ConfigurationError}, of this or another copy of the package. */
export const isConfigurationError: (value: unknown) => value is ConfigurationError = branded(
  ConfigurationError,
  'ConfigurationError',
  ({ message, problems }) =>
    typeof message === 'string' && Array.isArray(problems) && problems.every(isProblem),
)

function isProblem(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  const { path, message }: { readonly path?: unknown; readonly message?: unknown } = value
  return typeof path === 'string' && typeof message === 'string'
}
