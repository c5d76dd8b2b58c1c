/**
 * What holds files, timers or connections. Closing it waits for nothing, so `close` returns nothing; `await using` closes it too. The process can
 * exit without it.
 */
export interface Closeable {
  readonly close: () => void
  readonly [Symbol.asyncDispose]: () => Promise<void>
}

/** Adds to a new object how it is closed. */
export function closeable<T extends object>(made: T, close: () => void): T & Closeable {
  const dispose = (): Promise<void> =>
    new Promise((resolve) => {
      close()
      resolve()
    })
  return Object.assign(made, { close, [Symbol.asyncDispose]: dispose })
}
