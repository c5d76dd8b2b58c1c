import type { Clock } from '@kube-authn/core'

/** A limit on a call: aborted when the time has passed, or when the caller gives up. */
export interface Deadline {
  readonly signal: AbortSignal
  /** The call is over. */
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
    controller.abort(new DOMException(`no whole answer within ${seconds} seconds`, 'TimeoutError'))
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
