/**
 * Makes an error without a stack trace: for what is no fault, as a refusal, and costs a client nothing to cause. The trace would take longer
 * than all that was decided before, and leads to this package.
 *
 * V8 asks `Error.stackTraceLimit` when an error is made. It is what it was as soon as this returns, so nobody else finds it changed; where
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
