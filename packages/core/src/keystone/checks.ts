import { type Clock, systemClock } from '../clock.ts'
import { type ConfigurationProblem, unavailable } from '../errors.ts'
import { deadlineAfter } from '../http/deadline.ts'
import { limitConcurrency } from '../limit-concurrency.ts'

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

/** What is wrong with the options. */
export function checksProblems(options: ChecksOptions): readonly ConfigurationProblem[] {
  const { timeoutSeconds = 1, maxConcurrentChecks = 1, maxWaitingChecks = 0 } = options
  const problems: ConfigurationProblem[] = []
  if (!(timeoutSeconds > 0 && timeoutSeconds <= 30)) {
    problems.push({ path: 'timeoutSeconds', message: 'must be above 0 and at most 30' })
  }
  if (!(Number.isSafeInteger(maxConcurrentChecks) && maxConcurrentChecks > 0)) {
    problems.push({ path: 'maxConcurrentChecks', message: 'must be a whole number above 0' })
  }
  if (!(Number.isSafeInteger(maxWaitingChecks) && maxWaitingChecks >= 0)) {
    problems.push({ path: 'maxWaitingChecks', message: 'must be a whole number, 0 or more' })
  }
  return problems
}
