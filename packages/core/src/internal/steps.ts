/** Work in steps of a few milliseconds, so that the caller can yield to the event loop between them. A step that throws ends the work. */
export type Steps<T> = Generator<undefined, T, undefined>

/** Items that are found in such steps: `undefined` is the end of a step. */
export type SteppedItems<T> = Generator<T | undefined, void, undefined>

/** Runs all remaining steps. */
export function finish<T>(steps: Steps<T>): T {
  for (;;) {
    const { done, value } = steps.next()
    if (done === true) return value
  }
}

/** Indivisible work, as one step. */
export function* inOneStep<T>(work: () => T): Steps<T> {
  const value = work()
  yield
  return value
}
