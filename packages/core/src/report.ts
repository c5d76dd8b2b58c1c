/** Tells somebody of a failure, if there is somebody. What goes wrong in telling stops no work. */
export function report(onError: ((error: unknown) => void) | undefined, error: unknown): void {
  try {
    onError?.(error)
  } catch {
    // Whoever is told reports their own faults.
  }
}
