import type { Clock } from '@kube-authn/core'

/** Resolves after this time. */
export function after(timers: Clock, milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    timers.after(milliseconds, resolve)
  })
}

/** Aborts after this time. */
export function signalAfter(timers: Clock, milliseconds: number): AbortSignal {
  const controller = new AbortController()
  timers.after(milliseconds, () => controller.abort())
  return controller.signal
}
