/**
 * A value, now or later.
 *
 * Most credentials are decided from memory, and a promise per step would cost more than the decision. So the chain stays
 * synchronous until somebody in it really waits.
 */
export type Awaitable<T> = T | PromiseLike<T>

/** Whether the value is still to come. */
export function isPromiseLike<T>(value: Awaitable<T>): value is PromiseLike<T> {
  if (typeof value !== 'object' || value === null) return false
  // Read without asking whether it is there, which takes longer where values have many shapes.
  const { then }: { readonly then?: unknown } = value
  return typeof then === 'function'
}

/**
 * A promise for a value that is still to come. What only looks like one, as a hand-made thenable of an authenticator in plain JavaScript,
 * may call back twice or return nothing from `then`, and nothing is an opinion here. A promise is returned as it is.
 */
export function promiseOf<T>(value: PromiseLike<T>): Promise<T> {
  return Promise.resolve(value) as Promise<T>
}

/** Goes on with a value as soon as it is there: at once if it is there already. */
export function andThen<T, R>(value: Awaitable<T>, next: (value: T) => Awaitable<R>): Awaitable<R> {
  return isPromiseLike(value) ? promiseOf(value).then(next) : next(value)
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
    if (isPromiseLike(value)) return promiseOf(value).then(onValue, onError)
  } catch (error) {
    return onError(error)
  }
  return onValue(value)
}

/**
 * Takes a step for each item in order, now or later, until one of them gives a result. Without a result it is what
 * `otherwise` says. Nothing is begun before the step before it is done.
 */
export function firstOf<T, S, R>(
  items: readonly T[],
  step: (item: T) => Awaitable<S>,
  result: (item: T, outcome: S) => R | undefined,
  otherwise: () => R,
): Awaitable<R> {
  const from = (start: number): Awaitable<R> => {
    for (let index = start; index < items.length; index++) {
      // The bound is checked above; an item may well be undefined.
      const item = items[index] as T
      const outcome = step(item)
      if (isPromiseLike(outcome)) {
        return promiseOf(outcome).then((late) => result(item, late) ?? from(index + 1))
      }
      const found = result(item, outcome)
      if (found !== undefined) return found
    }
    return otherwise()
  }
  return from(0)
}
