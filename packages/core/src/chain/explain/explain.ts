import type { Authenticator } from '../../authenticator/authenticator.ts'
import type { Outcome } from '../../authenticator/events.ts'
import type {
  AuthenticateRequestContext,
  AuthenticateRequestOptions,
} from '../../handler/authenticate-request-options.ts'
import type { AnyRequest } from './any-request.ts'
import type { UserInfo } from '../../authenticator/user.ts'

/** What one authenticator thought of a request. */
export interface ExplainedStep {
  readonly authenticator: string
  readonly outcome: Outcome
  readonly durationSeconds: number
  readonly user?: UserInfo
  /** What was wrong, in the words of the authenticator. Never holds a credential. */
  readonly message?: string
  /** What the authenticators inside it thought, in the order they were asked. */
  readonly steps: readonly ExplainedStep[]
}

/** What becomes of a request, and why: what the handler makes of it, and the steps that led there. */
export interface Explanation extends ExplainedStep {
  /** The status that the request is refused with; absent when it passes. */
  readonly status?: number
  /** What to do next, in a sentence or two. Never holds a credential. */
  readonly advice: string
  /** The texts that the client gets as `Warning` headers. */
  readonly warnings: readonly string[]
}

/** How the request would be authenticated: the same options as those of the `authentication` middleware. */
export interface ExplainOptions
  extends
    Omit<AuthenticateRequestOptions, 'observer' | 'tracing'>,
    Pick<AuthenticateRequestContext, 'signal'> {
  /** Whether `impersonation` comes after authentication, and decides about `Impersonate-*` headers. Default `true`. */
  readonly impersonates?: boolean
}

/**
 * Answers "why 401?": authenticates a request as the `authentication` middleware does, by the same code and with the same outcome, and
 * reports what every authenticator thought and what to do next.
 *
 * It is a dry run: nothing is removed from the request, and no observer is told and no trace begun. It is for operators and for tests, since it tells apart
 * what a client must not be able to tell apart.
 *
 * A middleware removes the headers with the credential, whether it lets the request pass or refuses it. Explain a request before
 * that; afterwards there is no credential in it any more, which is what the advice says then. In `onFailure` the reason is in `error.cause`.
 *
 * @param request the `req` of Express or of Node, the `ctx` of Koa, the `c` of Hono, a `Request` of Fetch, or an `AuthenticationRequest`.
 * @throws {ConfigurationError} when the authenticator or the options cannot work.
 * @throws {TypeError} when the request is none.
 * @example
 * const { outcome, advice, steps } = await explain(chain, new Request('https://localhost/'))
 */
export async function explain(
  authenticator: Authenticator,
  request: AnyRequest,
  options: ExplainOptions = {},
): Promise<Explanation> {
  // An app that never explains anything does not load it.
  const { explainRequest } = await import('./explain-request.ts')
  return explainRequest(authenticator, request, options)
}
