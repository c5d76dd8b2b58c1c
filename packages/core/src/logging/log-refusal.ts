import type { AuthenticationError } from '../authenticator/errors.ts'
import type { Log } from '../authenticator/log.ts'
import { systemClock } from '../internal/clock.ts'
import { advise } from '../internal/log/app-warnings.ts'
import { lineLimits } from '../internal/log/throttle.ts'
import { defaultVerbosity } from '../internal/log/verbosity.ts'
import type { Sink } from '../internal/log/write-entry.ts'
import { refusalEntry } from './refusal-line.ts'
import type { Refusal } from './refusal.ts'

const writeLimited = lineLimits('refusals')

/**
 * Logs a refused request, unless there are too many. It reads the request before it returns, since the headers are removed next. It never throws.
 *
 * @param log the option; `undefined` is the default.
 * @returns whether refusals of this kind are logged.
 */
export function logRefusal(
  log: Log | undefined,
  refusal: Refusal,
  nowMs: number = systemClock.now(),
): boolean {
  const { failure, error, by } = refusal
  if (log === false || !isLogged(log, failure.status, error)) return false
  const reason = error?.message ?? (by === 'authentication' ? '' : failure.message)
  writeRefusal(log, reason, () => refusal, nowMs)
  return true
}

/** Writes the line of a refusal that {@link isLogged}, unless there are too many. @param refusal called only if the line is written. */
export function writeRefusal(
  log: Sink,
  reason: string,
  refusal: () => Refusal,
  nowMs: number = systemClock.now(),
): void {
  try {
    writeLimited(log, { reason, entry: () => refusalEntry(refusal()) }, nowMs)
  } catch {
    // A log must not decide about requests.
  }
}

/** Whether refusals with this status and for this reason are logged. Says once that they are not, if no option asks for that. */
export function isLogged(
  log: Log | undefined,
  status: number,
  error: AuthenticationError | undefined,
): boolean {
  if (log !== undefined) return log !== false
  const verbosity = defaultVerbosity()
  if (verbosity !== 'errors') return verbosity === 'refusals'
  const isFailure = status >= 500 || error?.code === 'unavailable'
  if (!isFailure) advise(log, 'KUBE_AUTHN_UNLOGGED')
  return isFailure
}
