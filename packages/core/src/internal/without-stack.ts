/**
 * Creates an error without a stack trace: for refusals, which clients can cause at no cost. Capturing the trace would take longer than the
 * decision, and it would only point into this package.
 *
 * V8 asks `Error.stackTraceLimit` when an error is made. It is restored before this returns, so no other code sees it changed; where
 * it cannot be set, there is a stack trace.
 *
 * @param make must not call anything that makes errors of others.
 */
export function withoutStack<E extends Error>(make: () => E): E {
  const limit: unknown = Reflect.get(Error, LIMIT)
  if (typeof limit !== 'number' || !Reflect.set(Error, LIMIT, 0)) return make()
  try {
    return make()
  } finally {
    Reflect.set(Error, LIMIT, limit)
  }
}

const LIMIT = 'stackTraceLimit'
