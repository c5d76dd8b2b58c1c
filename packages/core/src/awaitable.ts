/**
 * A value, now or later.
 *
 * Most credentials are decided from memory, and a promise per step would cost more than the decision. So the chain stays
 * synchronous until somebody in it really waits.
 */
export type Awaitable<T> = T | PromiseLike<T>

/** Whether the value is still to come. */
export function isPromiseLike<T>(value: Awaitable<T>): value is PromiseLike<T> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function'
}

/** Goes on with a value as soon as it is there: at once if it is there already. */
export function andThen<T, R>(value: Awaitable<T>, next: (value: T) => Awaitable<R>): Awaitable<R> {
  return isPromiseLike(value) ? value.then(next) : next(value)
}

/** Runs a step and hands on what it returned or threw, now or later, to the one or the other continuation. */
export function settle<T, R>(
  step: () => Awaitable<T>,
  onValue: (value: T) => Awaitable<R>,
  onError: (error: unknown) => Awaitable<R>,
): Awaitable<R> {
  let value: Awaitable<T>
  try {
    value = step()
  } catch (error) {
    return onError(error)
  }
  return isPromiseLike(value) ? value.then(onValue, onError) : onValue(value)
}
