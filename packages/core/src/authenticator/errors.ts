import { branded } from '../internal/brand.ts'

/**
 * Why an authenticator could not say who this is.
 *
 * - `rejected`: the credential is of this authenticator's kind, and it is bad.
 * - `unavailable`: the check could not be made. An outage is never reported as a bad password.
 */
export type AuthenticationErrorCode = 'rejected' | 'unavailable'

/** Options of an {@link AuthenticationError}. */
export interface AuthenticationErrorOptions {
  /** What led to this, for logs; never sent to a client. */
  readonly cause?: unknown
  /** The errors this one sums up, in order. */
  readonly errors?: readonly AuthenticationError[]
  /** Of `unavailable`: the server is too busy to check, and the client may try again after this time. The answer is 503 then. */
  readonly retryAfterSeconds?: number
  /** Whether a union ends here, and asks none of the authenticators that follow. Default `false`. */
  readonly isFinal?: boolean
}

/**
 * The third outcome of an authenticator, beside a user and no opinion.
 *
 * The message is for operators. It names what was wrong and never holds a byte of the credential. Clients see a fixed text.
 *
 * It is recognised whichever copy of this package made it, by {@link isAuthenticationError} and by `instanceof`.
 */
export class AuthenticationError extends Error {
  override readonly name = 'AuthenticationError'
  readonly code: AuthenticationErrorCode
  /** What is summed up here: empty unless several authenticators of a union failed. */
  readonly errors: readonly AuthenticationError[]
  /** The check was not made because too many were under way, and may be asked for again after this time. */
  readonly retryAfterSeconds: number | undefined
  /**
   * Whether it is about the request and not about one credential in it, so that no other credential makes up for it: a union
   * ends here, as {@link failFast} does with every error.
   */
  readonly isFinal: boolean

  constructor(code: AuthenticationErrorCode, message: string, options: AuthenticationErrorOptions = {}) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined)
    this.code = code
    this.errors = options.errors ?? []
    this.retryAfterSeconds = code === 'unavailable' ? options.retryAfterSeconds : undefined
    this.isFinal = options.isFinal ?? false
  }
}

/**
 * Whether this is an {@link AuthenticationError}, of this copy of the package or of another. One with a `code` that is not known
 * here is none.
 */
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

/** The check could not be made. */
export function unavailable(message: string, options?: AuthenticationErrorOptions): AuthenticationError {
  return new AuthenticationError('unavailable', message, options)
}

/**
 * Anything thrown, as an {@link AuthenticationError}. A fault in an authenticator decides nothing about a credential, so it
 * counts as `unavailable`, under the text kube-apiserver uses for a panic.
 */
export function asAuthenticationError(thrown: unknown): AuthenticationError {
  if (isAuthenticationError(thrown)) return thrown
  return unavailable(FAULT, { cause: thrown })
}

const FAULT = 'Internal error occurred: authentication failed unexpectedly'

/**
 * Whether a check could not be made because of a fault in an authenticator, or in one of several: it threw what is no
 * {@link AuthenticationError}, which is the `cause`.
 */
export function isFault(error: AuthenticationError): boolean {
  return error.message === FAULT || error.errors.some(isFault)
}

/**
 * Several errors as one, with the text of Kubernetes' aggregate: flattened, equal texts once, `[first, second]`.
 * It is `unavailable` as soon as one of them is, since the missing answer might have been a yes, and final as soon as one of them is. Where
 * one may be tried again after some time, so may the whole.
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

/** Of errors with the same text, the one that says more about what to do counts. */
function weightOf({ code, retryAfterSeconds }: AuthenticationError): number {
  if (code === 'rejected') return 0
  return retryAfterSeconds === undefined ? 1 : 2
}

/** One thing that is wrong with what an operator configured. */
export interface ConfigurationProblem {
  /** The option, as in `anonymous.conditions[0].path`. */
  readonly path: string
  readonly message: string
}

/** What was configured cannot work. Thrown at construction, with every problem found, never at the first request. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError'
  readonly code = 'invalidConfiguration'
  readonly problems: readonly ConfigurationProblem[]

  constructor(problems: readonly ConfigurationProblem[], options?: { readonly cause?: unknown }) {
    super(problems.map((problem) => `${problem.path}: ${problem.message}`).join('; '), options)
    this.problems = problems
  }
}

/** Whether this is a {@link ConfigurationError}, of this copy of the package or of another. */
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
