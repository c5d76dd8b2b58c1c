/**
 * Work that is done in small steps, each a few milliseconds long: whoever does it may do something else between two of them. A step that
 * throws ends it.
 */
export type Steps<T> = Generator<undefined, T, undefined>

/** Does all that is left, at once. */
export function finish<T>(steps: Steps<T>): T {
  for (;;) {
    const { done, value } = steps.next()
    if (done === true) return value
  }
}

/** Work that cannot be parted. */
// oxlint-disable-next-line require-yield -- there is nothing between its beginning and its end
export function* inOneStep<T>(work: () => T): Steps<T> {
  return work()
}
