import type { AuthenticationError } from '../../authenticator/errors.ts'
import type { AuthenticationEvent, ConsultedEvent, RequestEvent } from '../../authenticator/events.ts'
import type { ExplainedStep } from './explanation.ts'

/** A step with its error object. */
export interface RecordedStep extends ExplainedStep {
  readonly error?: AuthenticationError
  readonly steps: readonly RecordedStep[]
}

/** Records the events of a handler for one request. */
export interface Recorder {
  readonly observe: (event: AuthenticationEvent) => void
  /** The step of the handler's authenticator; absent if it was not called. */
  readonly outermost: () => RecordedStep | undefined
  /** The decision of the handler. */
  readonly decision: () => RequestEvent | undefined
}

/** Builds a tree from the events. A step that is still unfinished when the one around it finishes was abandoned, and is omitted. */
export function recordSteps(): Recorder {
  let outermost: RecordedStep | undefined
  let decision: RequestEvent | undefined
  const open: { readonly authenticator: string; readonly steps: RecordedStep[] }[] = []

  const close = (event: ConsultedEvent): void => {
    const index = open.findLastIndex(({ authenticator }) => authenticator === event.authenticator)
    const [own] = index === -1 ? [] : open.splice(index)
    if (own === undefined) return
    const step = {
      authenticator: event.authenticator,
      outcome: event.outcome,
      durationSeconds: event.durationSeconds,
      ...(event.user !== undefined && { user: event.user }),
      ...(event.error !== undefined && { message: event.error.message, error: event.error }),
      steps: own.steps,
    }
    const around = open.at(-1)
    if (around === undefined) outermost = step
    else around.steps.push(step)
  }

  return {
    observe(event) {
      if (event.type === 'consulting') open.push({ authenticator: event.authenticator, steps: [] })
      else if (event.type === 'consulted') close(event)
      else if (event.type === 'request') decision = event
    },
    outermost: () => outermost,
    decision: () => decision,
  }
}

/** The steps without nested steps. */
export function leavesOf(step: RecordedStep | undefined): readonly RecordedStep[] {
  if (step === undefined) return []
  return step.steps.length === 0 ? [step] : step.steps.flatMap(leavesOf)
}
