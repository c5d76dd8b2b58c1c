import type { Outcome } from '../../authenticator/events.ts'
import type {
  AuthenticateRequestContext,
  AuthenticateRequestOptions,
} from '../../handler/authenticate-request-options.ts'
import type { UserInfo } from '../../authenticator/user.ts'
import type { Authenticator } from '../../authenticator/authenticator.ts'
import type { AnyRequest } from './any-request.ts'

/** The outcome of one authenticator. */
export interface ExplainedStep {
  readonly authenticator: string
  readonly outcome: Outcome
  readonly durationSeconds: number
  readonly user?: UserInfo
  /** The error message of the authenticator. Never contains a credential. */
  readonly message?: string
  /** The outcomes of its delegates, in the order they were asked. */
  readonly steps: readonly ExplainedStep[]
}

/** The outcome of a request, and the steps that led to it. */
export interface Explanation extends ExplainedStep {
  /** The HTTP status of a refused request; absent if it passes. */
  readonly status?: number
  /** What to do next, in one or two sentences. Never contains a credential. */
  readonly advice: string
  /** The warnings that the client gets as `Warning` headers. */
  readonly warnings: readonly string[]
}

/** The options of the `authentication` middleware, to explain what it would do. */
export interface ExplainOptions
  extends
    Omit<AuthenticateRequestOptions, 'observer' | 'tracing'>,
    Pick<AuthenticateRequestContext, 'signal'> {
  /** Whether an `impersonation` middleware follows, which handles the `Impersonate-*` headers. Default `true`. */
  readonly impersonates?: boolean
}

/**
 * Answers "why 401?": authenticates a request with the code of the `authentication` middleware, and returns the outcome of every
 * authenticator and what to do next.
 *
 * This is a dry run: it does not change the request, call observers, or start a trace. It is for operators and tests, since it reveals
 * distinctions that clients must not see.
 *
 * Call it before the middleware, which removes the headers that carry credentials whether the request passes or not. After it, the advice
 * says that they were removed. In `onFailure` the reason is in `error.cause`.
 *
 * @param request the `req` of Express or of Node, the `ctx` of Koa, the `c` of Hono, a `Request` of Fetch, or an `AuthenticationRequest`.
 * @throws {ConfigurationError} if the authenticator or the options are invalid.
 * @throws {TypeError} if `request` is not a request.
 * @example
 * const { outcome, advice, steps } = await explain(chain, new Request('https://localhost/'))
 */
export async function explain(
  authenticator: Authenticator,
  request: AnyRequest,
  options: ExplainOptions = {},
): Promise<Explanation> {
  // Loaded only by apps that use it.
  const { explainRequest } = await import('./explain-request.ts')
  return explainRequest(authenticator, request, options)
}
