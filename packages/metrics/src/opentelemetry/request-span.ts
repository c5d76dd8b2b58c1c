import { context, type Span, SpanKind, SpanStatusCode, trace, type Tracer } from '@opentelemetry/api'
import type { Observer, UserInfo } from '@kube-authn/core'
import type { Outcome, RequestEvent, RequestTracing } from '@kube-authn/core/internal'

/** The attributes of a span that identify the user. */
export interface EndUserOptions {
  /** The attribute `enduser.id` of an authenticated user, which is personal data. Default: not set. */
  readonly endUserId?: (user: UserInfo) => string | undefined
  /** The attribute `enduser.pseudo.id`, which distinguishes users without identifying them. Default: not set. */
  readonly endUserPseudoId?: (user: UserInfo) => string | undefined
}

/**
 * A span for each request, from before the first authenticator is called until the request is authenticated or refused, or the client
 * disconnects. It is a child of the active span, and is active itself during the authentication.
 */
export function requestSpans(tracer: Tracer, endUser: EndUserOptions): RequestTracing {
  return function traceRequest(_, given) {
    const active = context.active()
    const span = tracer.startSpan('authenticate', { kind: SpanKind.INTERNAL }, active)
    const within = trace.setSpan(active, span)
    // A span that is not sampled only propagates its context.
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
        // An exception of a span processor would be uncaught here.
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
            // Read only here, since creating the signal is not free and most requests are decided synchronously.
            signal = given.signal
            if (signal?.aborted === true) cancel()
            else signal?.addEventListener('abort', cancel, { once: true })
          }
        }
      },
    }
  }
}

/** Finds the authenticator that authenticated the caller: the innermost one, since those around it repeat its answer. */
function followingSteps(
  onDecision: (event: RequestEvent, authenticator: string | undefined) => void,
): Observer {
  let authenticator: string | undefined
  return (event) => {
    if (event.type === 'request') onDecision(event, authenticator)
    else if (event.type === 'consulted') {
      // An outer authenticator may refuse the answer of an inner one.
      authenticator = event.outcome === 'authenticated' ? (authenticator ?? event.authenticator) : undefined
    }
  }
}

function outcomeOf({ result, error }: RequestEvent): Outcome {
  if (result === 'success') return 'authenticated'
  return result === 'failure' ? 'noOpinion' : (error?.code ?? 'unavailable')
}

/** Sets neither the credential nor the reason of a refusal, which may reveal something about it. */
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
