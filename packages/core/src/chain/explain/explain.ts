import type { Explanation, ExplainOptions } from './explanation.ts'
import type { Authenticator } from '../../authenticator/authenticator.ts'
import type { AnyRequest } from './any-request.ts'

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
