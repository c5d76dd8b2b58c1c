import { type Clock, systemClock } from '../../internal/clock.ts'
import { unavailable } from '../../authenticator/errors.ts'
import { deadlineAfter } from '../../internal/http/deadline.ts'
import { above, aClock, type OptionsShape, wholeNumber } from '../../internal/options/index.ts'
import { limitConcurrency } from '../../internal/limit-concurrency.ts'

/** How much may be asked at once, and for how long. */
export interface ChecksOptions {
  /** For one check: its turn, and all calls that it takes. At most 30. Default 10. */
  readonly timeoutSeconds?: number
  /** How many checks run at once. Default 32; Workers bound that themselves. */
  readonly maxConcurrentChecks?: number
  /** How many more may wait; beyond that a check is *unavailable* at once. Default 256. */
  readonly maxWaitingChecks?: number
  readonly clock?: Clock
}

/** The checks of {@link ChecksOptions}. */
export const checksShape: OptionsShape<ChecksOptions> = {
  timeoutSeconds: above(0, 30),
  maxConcurrentChecks: wholeNumber(1),
  maxWaitingChecks: wholeNumber(0),
  clock: aClock,
}

/** Runs a check within the limits. */
export type Check = <T>(
  work: (signal: AbortSignal) => Promise<T>,
  caller: AbortSignal | undefined,
) => Promise<T>

/**
 * Runs checks so that a Keystone that is slow or gone holds only so many requests, and each of them only so long.
 *
 * Each check throws `unavailable` when the limits are reached.
 */
export function boundedChecks(options: ChecksOptions): Check {
  const { timeoutSeconds = 10, maxConcurrentChecks = 32, maxWaitingChecks = 256 } = options
  const { clock = systemClock } = options
  const limit = limitConcurrency({
    maxRunning: maxConcurrentChecks,
    maxWaiting: maxWaitingChecks,
    tooMany: 'too many checks wait for Keystone',
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
