import type { Clock } from '@kube-authn/core'
import type { Steps } from '@kube-authn/core/internal'

/** How long work runs before it yields to the event loop. */
const SLICE_MS = 10

export type Outcome<T> = { readonly value: T } | { readonly error: unknown }

/**
 * Does work in slices of about 10 ms, the first one now, and yields to the event loop in between. Never keeps the process alive.
 *
 * @param onEnd called once, unless the work is cancelled; synchronously if the work takes only one slice.
 * @returns a function that cancels the work.
 */
export function inSlices<T>(steps: Steps<T>, clock: Clock, onEnd: (outcome: Outcome<T>) => void): () => void {
  let cancelNext = (): void => {}
  let isOver = false
  let isWorking = false

  const slice = (): void => {
    isWorking = true
    const outcome = workedOn(steps, clock)
    isWorking = false
    if (isOver) {
      steps.return(undefined as never)
    } else if (outcome === undefined) {
      cancelNext = clock.after(0, slice)
    } else {
      isOver = true
      onEnd(outcome)
    }
  }

  slice()
  return () => {
    if (isOver) return
    isOver = true
    cancelNext()
    // The work may have cancelled itself: stop after its step.
    if (!isWorking) steps.return(undefined as never)
  }
}

/** `undefined` if the slice ended before the work. */
function workedOn<T>(steps: Steps<T>, clock: Clock): Outcome<T> | undefined {
  const start = clock.now()
  try {
    do {
      const { done, value } = steps.next()
      if (done === true) return { value }
    } while (clock.now() - start < SLICE_MS)
    return undefined
  } catch (error) {
    return { error }
  }
}
