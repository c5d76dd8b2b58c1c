import type { Clock } from '@kube-authn/core'

/** Calls with a pause between them. */
export interface SpacedCalls {
  /** Calls now, or when the pause after the last call is over: once for everyone who asked meanwhile. */
  ask(this: void): void
  stop(this: void): void
}

/** Asks for a call that come close together become few calls. @param pauseMs the least time between the beginnings of two calls. */
export function spacedCalls(clock: Clock, pauseMs: number, call: () => void): SpacedCalls {
  let isPausing = false
  let isAsked = false
  let isStopped = false
  let cancel: (() => void) | undefined

  const ask = (): void => {
    if (isStopped) return
    if (isPausing) {
      isAsked = true
      return
    }
    isPausing = true
    cancel = clock.after(pauseMs, () => {
      isPausing = false
      if (!isAsked) return
      isAsked = false
      ask()
    })
    call()
  }

  return {
    ask,
    stop() {
      isStopped = true
      cancel?.()
    },
  }
}
