import { notify } from '../authenticator/notify.ts'
import type { Observer } from '../authenticator/events.ts'
import type { AuthenticationRequest } from '../request/request.ts'
import type { Context } from '../authenticator/context.ts'

/** The trace of one request during its authentication. */
export interface RequestTrace {
  /** Receives the events of this request only; the last one is a `RequestEvent`. Absent: the trace needs no events. */
  readonly observer?: Observer
  /** Calls `work` exactly once, synchronously. All processing of the request, also asynchronous, starts inside this call. */
  run(work: () => void): void
}

/**
 * Starts the trace of a request. If it throws, the request continues without a trace.
 *
 * `openTelemetry` of `@kube-authn/metrics/opentelemetry` creates one.
 *
 * @param context its `signal` is aborted if the client disconnects before the response. It is created on first access.
 */
export type RequestTracing = (
  request: AuthenticationRequest,
  context: Pick<Context, 'signal'>,
) => RequestTrace

/** Authenticates a request with an observer. It must not throw. */
type Decide<T> = (observer: Observer | undefined) => T

/** Authenticates a request inside its trace, even if the trace throws. */
export function inTrace<T>(begin: () => RequestTrace, observer: Observer | undefined, decide: Decide<T>): T {
  let result: { readonly decided: T } | undefined
  const decideOnce = (watching: Observer | undefined): T => {
    result ??= { decided: decide(watching) }
    return result.decided
  }
  try {
    const trace = begin()
    const watching = trace.observer === undefined ? observer : both(observer, trace.observer)
    trace.run(() => void decideOnce(watching))
  } catch {
    // The request is decided below, unless it already was.
  }
  return decideOnce(observer)
}

function both(one: Observer | undefined, other: Observer): Observer {
  return (event) => {
    notify(one, event)
    notify(other, event)
  }
}
