import { systemClock } from '@kube-authn/core/internal'

/** Resolves after this time. */
export function after(milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    systemClock.after(milliseconds, resolve)
  })
}

/** Aborts after this time. */
export function signalAfter(milliseconds: number): AbortSignal {
  const controller = new AbortController()
  systemClock.after(milliseconds, () => controller.abort())
  return controller.signal
}
