import type { Clock } from '@kube-authn/core'
import type { Steps } from '@kube-authn/core/steps'

/** How long work goes on before the event loop has a turn. */
const SLICE_MS = 10

/** What became of work. */
export type Outcome<T> = { readonly value: T } | { readonly error: unknown }

/**
 * Does work in slices of about 10 ms, the first of them now, and lets whatever waits have its turn in between. Never keeps a process alive.
 *
 * @param onEnd called once, unless the work is cancelled; now, when it takes no longer than a slice.
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
    // The work may cancel itself, and then ends with its step.
    if (!isWorking) steps.return(undefined as never)
  }
}

/** `undefined` when the time was over before the work was. */
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
