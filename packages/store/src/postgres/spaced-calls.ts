import type { Clock } from '@kube-authn/core'

/**
 * Asks for a call that come close together become few calls: fewer and fewer, if they do not end. `ask` calls now, or when the pause after the last call is over: once for
 * everyone who asked meanwhile.
 *
 * @param pauses the time between the beginnings of two calls. It doubles while each pause is asked in.
 */
export function spacedCalls(
  clock: Clock,
  { leastMs, mostMs }: { readonly leastMs: number; readonly mostMs: number },
  call: () => void,
): { ask(this: void): void; stop(this: void): void } {
  let pauseMs = leastMs
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
      pauseMs = isAsked ? Math.min(2 * pauseMs, mostMs) : leastMs
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
