import type { Awaitable } from '../internal/awaitable.ts'
import { notify, type Observer } from '../authenticator/events.ts'
import type { AuthenticationRequest } from '../request/request.ts'
import type { AuthenticateRequestContext } from './authenticate-request-options.ts'

/** Follows one request while it is decided who makes it. */
export interface RequestTrace {
  /**
   * Told of what happens to this request, and to no other; the last event is a `RequestEvent`. Absent: what happens does not matter for
   * this one.
   */
  readonly observer?: Observer
  /** Calls the work once, before it returns. What is done for the request, then and later, begins in there. */
  run(work: () => void): void
}

/**
 * Begins to follow a request, as a tracer does. What it throws does not decide about the request, which goes on without it.
 *
 * `openTelemetry` of `@kube-authn/core/opentelemetry` makes one.
 *
 * @param context its `signal` is aborted when the client goes away before its answer. It is made when it is first read.
 */
export type RequestTracing = (
  request: AuthenticationRequest,
  context: Pick<AuthenticateRequestContext, 'signal'>,
) => RequestTrace

/** Decides a request, while an observer watches. It must not throw. */
type Decide<T> = (observer: Observer | undefined) => Awaitable<T>

/** Decides a request inside its trace, also where the trace is broken. */
export function inTrace<T>(
  begin: () => RequestTrace,
  observer: Observer | undefined,
  decide: Decide<T>,
): Awaitable<T> {
  let result: { readonly decided: Awaitable<T> } | undefined
  const decideOnce = (watching: Observer | undefined): Awaitable<T> => {
    result ??= { decided: decide(watching) }
    return result.decided
  }
  try {
    const trace = begin()
    const watching = trace.observer === undefined ? observer : both(observer, trace.observer)
    trace.run(() => void decideOnce(watching))
  } catch {
    // It is decided below, unless it was before.
  }
  return decideOnce(observer)
}

function both(one: Observer | undefined, other: Observer): Observer {
  return (event) => {
    notify(one, event)
    notify(other, event)
  }
}
