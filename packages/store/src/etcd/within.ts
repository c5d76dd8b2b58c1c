import type { Clock } from '@kube-authn/core'
import { EtcdFailure } from './etcd-failure.ts'

/** Rejects when the time is over, also if the work ignores its signal, which ends what is left of it. @throws {EtcdFailure} `unknown` then. */
export function within<T>(
  timers: Clock,
  milliseconds: number,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController()
  return new Promise((resolve, reject) => {
    const cancel = timers.after(milliseconds, () => {
      const late = new EtcdFailure('unknown', `no answer within ${Math.round(milliseconds)} ms`)
      controller.abort(late)
      reject(late)
    })
    work(controller.signal)
      .then(resolve, reject)
      .finally(() => {
        cancel()
        controller.abort()
      })
  })
}

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
