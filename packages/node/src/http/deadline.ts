import type { Clock } from '@kube-authn/core'

/** The deadline of a call: aborted after the timeout, or when the caller aborts. */
export interface Deadline {
  readonly signal: AbortSignal
  /** To call when the call has ended. */
  readonly end: () => void
}

/** Starts now. */
export function deadlineAfter(
  seconds: number,
  clock: Clock,
  caller: AbortSignal | null | undefined,
): Deadline {
  const controller = new AbortController()
  const giveUp = (): void => controller.abort(caller?.reason)
  const forget = (): void => caller?.removeEventListener('abort', giveUp)
  const cancel = clock.after(seconds * 1000, () => {
    forget()
    controller.abort(new DOMException(`no complete response within ${seconds} seconds`, 'TimeoutError'))
  })
  if (caller?.aborted === true) giveUp()
  else caller?.addEventListener('abort', giveUp, { once: true })
  return {
    signal: controller.signal,
    end() {
      cancel()
      forget()
    },
  }
}
