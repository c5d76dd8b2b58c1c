/** Calls a listener once the server closes, at once if it does already. @returns a function that forgets the listener. */
export type WhenClosing = (listener: () => void) => () => void

/** As the listeners of the signal itself, of which each would take as long to remove as there are others. */
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
