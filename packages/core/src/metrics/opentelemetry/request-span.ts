import { context, type Span, SpanKind, SpanStatusCode, trace, type Tracer } from '@opentelemetry/api'
import type { Observer, Outcome, RequestEvent } from '../../authenticator/events.ts'
import type { RequestTracing } from '../../handler/tracing.ts'
import type { UserInfo } from '../../authenticator/user.ts'

/** What a span says of the user. */
export interface EndUserOptions {
  /** The attribute `enduser.id` of a user who was authenticated, which is personal data. Default: spans do not say who it is. */
  readonly endUserId?: (user: UserInfo) => string | undefined
  /** The attribute `enduser.pseudo.id`: what tells users apart, and not who they are. Default: spans do not say that either. */
  readonly endUserPseudoId?: (user: UserInfo) => string | undefined
}

/**
 * A span for each request, from before the first authenticator is asked until it is decided who makes the request, or until the client
 * goes away before. It is a child of the span that is active, and active itself for all that is done for the request.
 */
export function requestSpans(tracer: Tracer, endUser: EndUserOptions): RequestTracing {
  return function traceRequest(_, given) {
    const active = context.active()
    const span = tracer.startSpan('authenticate', { kind: SpanKind.INTERNAL }, active)
    const within = trace.setSpan(active, span)
    // One that is not sampled is only there for its children to know.
    if (!span.isRecording()) return { run: (work) => context.with(within, work) }

    let isOver = false
    let signal: AbortSignal | undefined
    const end = (outcome: Outcome | 'canceled', say: () => void): void => {
      if (isOver) return
      isOver = true
      signal?.removeEventListener('abort', cancel)
      try {
        span.setAttribute('kube_authn.outcome', outcome)
        say()
      } finally {
        span.end()
      }
    }
    const cancel = (): void => {
      try {
        end('canceled', () => {})
      } catch {
        // Nobody else would catch what a span processor throws.
      }
    }

    const observer: Observer = followingSteps((event, authenticator) => {
      end(outcomeOf(event), () => describeDecision(span, event, authenticator, endUser))
    })
    return {
      observer,
      run(work) {
        try {
          context.with(within, work)
        } finally {
          if (!isOver) {
            // Read here, since it costs something, and most requests are decided at once.
            signal = given.signal
            if (signal?.aborted === true) cancel()
            else signal?.addEventListener('abort', cancel, { once: true })
          }
        }
      },
    }
  }
}

/** Finds the authenticator that knew the caller: the innermost, since those around it say the same. */
function followingSteps(
  onDecision: (event: RequestEvent, authenticator: string | undefined) => void,
): Observer {
  let authenticator: string | undefined
  return (event) => {
    if (event.type === 'request') onDecision(event, authenticator)
    else if (event.type === 'consulted') {
      // One that refuses has refused what the one inside it said.
      authenticator = event.outcome === 'authenticated' ? (authenticator ?? event.authenticator) : undefined
    }
  }
}

function outcomeOf({ result, error }: RequestEvent): Outcome {
  if (result === 'success') return 'authenticated'
  return result === 'failure' ? 'noOpinion' : (error?.code ?? 'unavailable')
}

/** Neither what was sent nor why it was refused: the one is a credential, and the other may be about it. */
function describeDecision(
  span: Span,
  { result, user, error }: RequestEvent,
  authenticator: string | undefined,
  { endUserId, endUserPseudoId }: EndUserOptions,
): void {
  if (error?.code === 'unavailable') {
    span.setAttribute('error.type', error.code)
    span.setStatus({ code: SpanStatusCode.ERROR })
  }
  if (result !== 'success' || user === undefined) return
  if (authenticator !== undefined) span.setAttribute('kube_authn.authenticator', authenticator)
  setIfKnown(span, 'enduser.id', endUserId?.(user))
  setIfKnown(span, 'enduser.pseudo.id', endUserPseudoId?.(user))
}

function setIfKnown(span: Span, attribute: string, value: string | undefined): void {
  if (typeof value === 'string') span.setAttribute(attribute, value)
}
