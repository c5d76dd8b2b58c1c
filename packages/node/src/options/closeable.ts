/**
 * What holds files, timers or connections. `close` returns a promise only where something still has to be written; `await using` closes it too. The
 * process can exit without it.
 */
export interface Closeable {
  readonly close: () => void
  readonly [Symbol.asyncDispose]: () => Promise<void>
}

/** Adds to a new object how it is closed. */
export function closeable<T extends object, R extends void | Promise<void>>(
  made: T,
  close: () => R,
): T & Closeable & { readonly close: () => R } {
  const dispose = async (): Promise<void> => {
    await close()
  }
  return Object.assign(made, { close, [Symbol.asyncDispose]: dispose })
}

/** Calls `cleanUp` if something cannot be made. */
export function orElse<T>(cleanUp: () => void, make: () => T): T {
  try {
    return make()
  } catch (error) {
    cleanUp()
    throw error
  }
}
