import type { Authentication, Authenticator } from '../../authenticator/authenticator.ts'
import { andThen } from '../../internal/awaitable.ts'
import { isAuthenticationError } from '../../authenticator/errors.ts'
import type { AuthenticateRequestOptions } from '../../handler/authenticate-request-options.ts'
import { authenticateRequest } from '../../handler/authenticate-request.ts'
import { defined } from '../../internal/options/without.ts'
import { withoutSecrets } from '../../internal/shown-text.ts'
import { adviceFor } from './advice.ts'
import { type AnyRequest, readAnyRequest } from './any-request.ts'
import { credentialHeaders } from '../../authenticator/known-credentials.ts'
import { credentialsIn } from '../../logging/credentials-in.ts'
import type { ExplainedStep, Explanation, ExplainOptions } from './explanation.ts'
import { recordSteps } from './record-steps.ts'

/**
 * Answers "why 401?": authenticates a request with the code of the `authentication` middleware, and returns the outcome of every
 * authenticator and what to do next.
 *
 * This is a dry run: it does not change the request, call observers, start a trace, or use up a proof of possession. It is for operators and tests, since it reveals
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
  { signal, impersonates = true, ...options }: ExplainOptions = {},
): Promise<Explanation> {
  // Callers may pass all options of a middleware.
  const { tracing: _, ...untraced }: AuthenticateRequestOptions = options
  const recorder = recordSteps()
  let answer: Authentication | undefined
  const seen = seeing(authenticator, (answered) => {
    answer = answered
  })
  // A refusal here is an explanation, and no request was refused.
  const authenticate = authenticateRequest(seen, { ...untraced, observer: recorder.observe, log: false })
  const { request: read, isAuthenticated } = readAnyRequest(request)
  const outcome = await authenticate(read, { signal, impersonates, isDryRun: true })
  const failure = 'failure' in outcome ? outcome.failure : undefined
  const decision = recorder.decision()
  const asked = recorder.outermost()
  // The handler's own reason for a refusal, if it did not come from an authenticator.
  const cause = isAuthenticationError(failure?.cause) ? failure?.cause : undefined
  const error = failure === undefined ? undefined : (decision?.error ?? cause)
  const code = error?.code ?? (failure?.status === 401 ? 'noOpinion' : 'rejected')
  const message = error?.message ?? (code === 'noOpinion' ? undefined : failure?.message)
  const { audiences = authenticator.audiences } = options
  const advice = adviceFor({
    authenticator,
    request: read,
    isAuthenticated,
    audiences,
    answer,
    asked,
    outcome,
    error,
  })

  const secrets = credentialsIn(read, credentialHeaders(authenticator))
  const shown = (text: string): string => withoutSecrets(text, secrets)
  return {
    authenticator: authenticator.name,
    outcome: failure === undefined ? 'authenticated' : code,
    durationSeconds: decision?.durationSeconds ?? 0,
    ...('authentication' in outcome && { user: outcome.authentication.user }),
    ...(message !== undefined && { message: shown(message) }),
    steps: (asked?.steps ?? []).map((step) => shownStep(step, shown)),
    ...(failure !== undefined && { status: failure.status }),
    advice: shown(advice),
    warnings: decision?.warnings ?? [],
  }
}

/** The same authenticator; `see` receives its answer before the handler checks it. */
function seeing(
  authenticator: Authenticator,
  see: (answer: Authentication | undefined) => void,
): Authenticator {
  // The handler reports values that are not authenticators.
  if (typeof (authenticator as Partial<Authenticator> | undefined)?.authenticate !== 'function') {
    return authenticator
  }
  const { name, credentials, audiences } = authenticator
  return {
    name,
    ...defined({ credentials, audiences }),
    authenticate: (request, context) =>
      andThen(authenticator.authenticate(request, context), (answer) => {
        see(answer)
        return answer
      }),
  }
}

/** A step without its error object, and with a redacted message. */
function shownStep(
  { authenticator, outcome, durationSeconds, user, message, steps }: ExplainedStep,
  shown: (text: string) => string,
): ExplainedStep {
  return {
    authenticator,
    outcome,
    durationSeconds,
    ...(user !== undefined && { user }),
    ...(message !== undefined && { message: shown(message) }),
    steps: steps.map((each) => shownStep(each, shown)),
  }
}
