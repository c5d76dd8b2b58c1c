/**
 * Creates an error without a stack trace: for refusals, which clients can cause at no cost. Capturing the trace would take longer than the
 * decision, and it would only point into this package.
 *
 * V8 reads `Error.stackTraceLimit` when an error is created. It is restored before this returns, so no other code sees the change; if
 * it cannot be set, the error has a stack trace.
 *
 * @param make must not call code that may create errors of other packages.
 */
export function withoutStack<E extends Error>(make: () => E): E {
  const limit = errors.stackTraceLimit
  if (typeof limit !== 'number') return make()
  try {
    errors.stackTraceLimit = 0
  } catch {
    return make()
  }
  try {
    return make()
  } finally {
    errors.stackTraceLimit = limit
  }
}

const errors: { stackTraceLimit?: unknown } = Error
