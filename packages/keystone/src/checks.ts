import { type Clock, unavailable } from '@kube-authn/core'
import { above, type OptionsShape, wholeNumber } from '@kube-authn/core/adapter'
import { aClock, deadlineAfter, limitConcurrency, systemClock } from '@kube-authn/core/internal'

/** Limits of the checks against Keystone. */
export interface ChecksOptions {
  /** The limit of one check, including its time in the queue and all of its calls. At most 30. Default 10. */
  readonly timeoutSeconds?: number
  /** How many checks run at once. Default 32. Cloudflare Workers have their own limit. */
  readonly maxConcurrent?: number
  /** How many further checks may wait. Beyond that, checks fail at once as *unavailable*. Default 256. */
  readonly maxWaiting?: number
  readonly clock?: Clock
}

export const checksShape: OptionsShape<ChecksOptions> = {
  timeoutSeconds: above(0, 30),
  maxConcurrent: wholeNumber(1),
  maxWaiting: wholeNumber(0),
  clock: aClock,
}

/** Runs a check within the limits. */
export type Check = <T>(
  work: (signal: AbortSignal) => Promise<T>,
  caller: AbortSignal | undefined,
) => Promise<T>

/**
 * Runs checks within the limits, so that a slow or unreachable Keystone blocks a bounded number of requests for a bounded time.
 *
 * A check throws `unavailable` when a limit is exceeded.
 */
export function boundedChecks(options: ChecksOptions): Check {
  const { timeoutSeconds = 10, maxConcurrent = 32, maxWaiting = 256 } = options
  const { clock = systemClock } = options
  const limit = limitConcurrency({
    maxConcurrent,
    maxWaiting,
    tooMany: 'too many checks are waiting for Keystone',
  })
  return async (work, caller) => {
    const deadline = deadlineAfter({
      milliseconds: timeoutSeconds * 1000,
      clock,
      caller,
      tooLate: (cause) => unavailable('Keystone did not answer in time', { cause }),
    })
    try {
      return await limit(() => deadline.race(work), deadline.signal)
    } finally {
      deadline.end()
    }
  }
}
