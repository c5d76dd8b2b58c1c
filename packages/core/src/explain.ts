import type { Authenticator } from './authenticator.ts'
import { presentsCertificate } from './bound-certificate.ts'
import { consult } from './consult.ts'
import type { Context } from './context.ts'
import { asAuthenticationError } from './errors.ts'
import type { AuthenticationEvent, Outcome } from './events.ts'
import type { AuthenticationRequest } from './request/request.ts'
import type { UserInfo } from './user.ts'

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

/** What a whole chain thought of a request: the outermost step, and what would have been said to the client. */
export interface Explanation extends ExplainedStep {
  readonly warnings: readonly string[]
}

/**
 * Answers "why 401?": asks the authenticator about a request and reports what everybody in it thought.
 *
 * It is a dry run: nothing is removed from the request. It is for operators and for tests, since it tells apart what a client
 * must not be able to tell apart.
 *
 * @param context the audiences default to those of the authenticator, as in `authenticateRequest`.
 * @example
 * const { outcome, steps } = await explain(chain, fetchRequest(new Request('https://localhost/')))
 */
export async function explain(
  authenticator: Authenticator,
  request: AuthenticationRequest,
  context: Pick<Context, 'audiences' | 'signal'> = {},
): Promise<Explanation> {
  const { audiences = authenticator.audiences, signal } = context
  const warnings: string[] = []
  const recorder = recordSteps()
  try {
    await consult(authenticator, request, {
      ...(audiences !== undefined && { audiences }),
      ...(signal !== undefined && { signal }),
      observer: recorder.observe,
      warn: (text) => warnings.push(text),
      holdsCertificate: (thumbprint) => presentsCertificate(request, thumbprint),
    })
  } catch (thrown) {
    // It is in the recorded steps already; what is no error of an authenticator is not expected here.
    if (recorder.outermost() === undefined) throw asAuthenticationError(thrown)
  }
  const step = recorder.outermost()
  if (step === undefined) throw new Error('the authenticator was not consulted')
  return { ...step, warnings }
}

/**
 * Puts events in the order they happen into a tree. A step that has not answered when the one around it does was given up, and
 * is no part of the answer.
 */
function recordSteps(): {
  readonly observe: (event: AuthenticationEvent) => void
  readonly outermost: () => ExplainedStep | undefined
} {
  let outermost: ExplainedStep | undefined
  const open: { readonly authenticator: string; readonly steps: ExplainedStep[] }[] = []
  const observe = (event: AuthenticationEvent): void => {
    if (event.type === 'consulting') {
      open.push({ authenticator: event.authenticator, steps: [] })
      return
    }
    if (event.type !== 'consulted') return
    const index = open.findLastIndex(({ authenticator }) => authenticator === event.authenticator)
    const [own] = index === -1 ? [] : open.splice(index)
    if (own === undefined) return
    const step = {
      authenticator: event.authenticator,
      outcome: event.outcome,
      durationSeconds: event.durationSeconds,
      ...(event.user !== undefined && { user: event.user }),
      ...(event.error !== undefined && { message: event.error.message }),
      steps: own.steps,
    }
    const around = open.at(-1)
    if (around === undefined) outermost = step
    else around.steps.push(step)
  }
  return { observe, outermost: () => outermost }
}
