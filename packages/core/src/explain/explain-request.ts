import type { Authentication, Authenticator } from '../authenticator.ts'
import { andThen } from '../awaitable.ts'
import type { Outcome, RequestEvent } from '../events.ts'
import { authenticateRequest } from '../handler/authenticate-request.ts'
import { withoutSecrets } from '../shown-text.ts'
import type { StatusError } from '../status.ts'
import { adviceFor } from './advice.ts'
import { type AnyRequest, readAnyRequest } from './any-request.ts'
import { credentialsIn } from './credentials-in.ts'
import type { ExplainedStep, Explanation, ExplainOptions } from './explain.ts'
import { recordSteps } from './record-steps.ts'

/** What {@link explain} does: the handler's own work, with a recorder for its observer. */
export async function explainRequest(
  authenticator: Authenticator,
  given: AnyRequest,
  { signal, ...options }: ExplainOptions,
): Promise<Explanation> {
  const recorder = recordSteps()
  let answer: Authentication | undefined
  const authenticate = authenticateRequest(
    seeing(authenticator, (answered) => {
      answer = answered
    }),
    { ...options, observer: recorder.observe },
  )
  const { request, removed } = await readAnyRequest(given)
  const outcome = await authenticate(request, { signal })
  const failure = 'failure' in outcome ? outcome.failure : undefined
  const decision = recorder.decision()
  const asked = recorder.outermost()
  const { authentication } = 'authentication' in outcome ? outcome : {}
  const message = decision?.error?.message ?? unlessUnknown(failure, decision)
  const { audiences = authenticator.audiences } = options
  const advice = adviceFor({
    authenticator,
    request,
    removed,
    audiences,
    answer,
    authentication,
    asked,
    failure,
    error: decision?.error,
  })

  const secrets = credentialsIn(request)
  const shown = (text: string): string => withoutSecrets(text, secrets)
  return {
    authenticator: authenticator.name,
    outcome: outcomeOf(failure, decision),
    durationSeconds: decision?.durationSeconds ?? 0,
    ...(authentication !== undefined && { user: authentication.user }),
    ...(message !== undefined && { message: shown(message) }),
    steps: (asked?.steps ?? []).map((step) => shownStep(step, shown)),
    ...(failure !== undefined && { status: failure.status }),
    advice: shown(advice),
    warnings: decision?.warnings ?? [],
  }
}

/** The same authenticator, whose answer is seen before anything judges it. */
function seeing(
  authenticator: Authenticator,
  see: (answer: Authentication | undefined) => void,
): Authenticator {
  // What is no authenticator is for the handler to say.
  if (typeof (authenticator as Partial<Authenticator> | undefined)?.authenticate !== 'function') {
    return authenticator
  }
  const { name, credentials, audiences } = authenticator
  return {
    name,
    ...(credentials !== undefined && { credentials }),
    ...(audiences !== undefined && { audiences }),
    authenticate: (request, context) =>
      andThen(authenticator.authenticate(request, context), (answer) => {
        see(answer)
        return answer
      }),
  }
}

/** As the handler told it; where it refused the request before it asked anything, by the answer. */
function outcomeOf(failure: StatusError | undefined, decision: RequestEvent | undefined): Outcome {
  if (failure === undefined) return 'authenticated'
  if (decision?.error !== undefined) return decision.error.code
  return isUnknown(failure, decision) ? 'noOpinion' : 'rejected'
}

function unlessUnknown(
  failure: StatusError | undefined,
  decision: RequestEvent | undefined,
): string | undefined {
  return failure === undefined || isUnknown(failure, decision) ? undefined : failure.message
}

function isUnknown(failure: StatusError, decision: RequestEvent | undefined): boolean {
  return decision?.result === 'failure' && failure.status === 401
}

/** A step without what stands behind its message. */
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
