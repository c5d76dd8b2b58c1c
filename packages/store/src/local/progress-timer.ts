import type { Clock } from '@kube-authn/core'

/** Says when a watch should tell how far it is. */
export interface ProgressTimer {
  /** Something was delivered, so that progress is due only after the whole time again. */
  delivered(): void
  /** Whether it is due. If it is, the time begins again. */
  isDue(): boolean
  stop(): void
}

/** The time of a progress timer. */
export interface TimeSource {
  readonly clock: Clock
  /** Milliseconds since some time in the past, which never go back. */
  readonly elapsedMs: () => number
}

/** A timer that is not set again with every change, which would be most of the cost of a change. */
export function progressTimer(
  { clock, elapsedMs }: TimeSource,
  progressMs: number,
  onDue: () => void,
): ProgressTimer {
  let lastMs = elapsedMs()
  let isDue = false
  let cancel: (() => void) | undefined

  const wait = (milliseconds: number): void => {
    isDue = false
    cancel = clock.after(milliseconds, () => {
      const left = lastMs + progressMs - elapsedMs()
      if (left > 0) {
        wait(left)
        return
      }
      isDue = true
      onDue()
    })
  }
  wait(progressMs)

  const restart = (): void => {
    lastMs = elapsedMs()
    if (isDue) wait(progressMs)
  }
  return {
    delivered: restart,
    isDue() {
      const was = isDue
      if (was) restart()
      return was
    },
    stop: () => cancel?.(),
  }
}
