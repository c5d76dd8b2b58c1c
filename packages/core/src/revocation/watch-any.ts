/** Calls back once when something has ended. Returns a function that stops waiting. */
export type Watch = (onEnded: () => void) => (() => void) | undefined

/** Calls back once when the first of them has ended. Returns a function that stops waiting. */
export function watchAny(watches: readonly Watch[], onEnded: () => void): () => void {
  let isDone = false
  const stops: ((() => void) | undefined)[] = []
  const stop = (): void => {
    isDone = true
    for (const each of stops.splice(0)) each?.()
  }
  const end = (): void => {
    if (isDone) return
    stop()
    onEnded()
  }
  for (const watch of watches) stops.push(watch(end))
  // The first one may have called back at once.
  if (isDone) stop()
  return stop
}
