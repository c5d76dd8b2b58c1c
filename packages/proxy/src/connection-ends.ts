/** Calls a listener once the server closes, at once if it does already. @returns a function that forgets the listener. */
export type WhenClosing = (listener: () => void) => () => void

/** One listener of the signal, which warns of more than ten, and takes 60 µs to forget one of 10,000 (Node.js 20.20.2). */
export function whenClosing(closing: AbortSignal | undefined): WhenClosing {
  const listeners = new Set<() => void>()
  closing?.addEventListener(
    'abort',
    () => {
      for (const listener of listeners) listener()
    },
    { once: true },
  )
  return (listener) => {
    if (closing?.aborted === true) {
      listener()
      return () => {}
    }
    listeners.add(listener)
    return () => void listeners.delete(listener)
  }
}
