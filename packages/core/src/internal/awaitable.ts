/**
 * A value or a promise of one.
 *
 * Most credentials are decided from memory, and a promise per step would cost more than the decision. So the chain is synchronous
 * until one of its authenticators really waits.
 */
export type Awaitable<T> = T | PromiseLike<T>

/** Whether the value is a promise or thenable. */
export function isPromiseLike<T>(value: Awaitable<T>): value is PromiseLike<T> {
  if (typeof value !== 'object' || value === null) return false
  // Read without `in`, which is slower for values of many shapes.
  const { then }: { readonly then?: unknown } = value
  return typeof then === 'function'
}

/**
 * Converts a thenable to a promise. A hand-made thenable of an authenticator in plain JavaScript may call back twice or return `undefined`
 * from `then`, and `undefined` is an opinion here. A promise is returned unchanged.
 */
export function promiseOf<T>(value: PromiseLike<T>): Promise<T> {
  return Promise.resolve(value) as Promise<T>
}

/** Continues with a value: synchronously unless it is a promise. */
export function andThen<T, R>(value: Awaitable<T>, next: (value: T) => Awaitable<R>): Awaitable<R> {
  return isPromiseLike(value) ? promiseOf(value).then(next) : next(value)
}

/** Runs a step and passes its result or error, synchronous or not, to the matching continuation. */
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

/** Runs a step for each item in order until one gives a result; without one, returns `otherwise()`. Each step starts after the previous one is done. */
export function firstOf<T, S, R>(
  items: readonly T[],
  step: (item: T) => Awaitable<S>,
  result: (item: T, outcome: S) => R | undefined,
  otherwise: () => R,
): Awaitable<R> {
  const from = (start: number): Awaitable<R> => {
    for (let index = start; index < items.length; index++) {
      // The loop checks the bound; an item may be undefined.
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
