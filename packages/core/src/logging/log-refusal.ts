import { loadedDiagnosis, withDiagnosis } from '../authenticator/diagnosis.ts'
import type { AuthenticationError } from '../authenticator/errors.ts'
import type { Log } from '../authenticator/log.ts'
import { defaultVerbosity } from '../internal/log/default-verbosity.ts'
import { keptRefusal, type Refusal } from './refusal.ts'

/** Refusals that wait until the code of the log is loaded. A flood must not fill the memory meanwhile. */
let waiting = 0
let leftOut = 0
const MAX_WAITING = 32

/**
 * Logs a refused request. It reads the request before it returns, since the headers are removed next. It never throws.
 *
 * @param log the option; `undefined` is the default.
 * @returns whether refusals of this kind are logged.
 */
export function logRefusal(log: Log | undefined, refusal: Refusal): boolean {
  if (log === false || !isLogged(log, refusal.failure.status, refusal.error)) return false
  try {
    const diagnosis = loadedDiagnosis()
    if (diagnosis !== undefined) diagnosis.writeRefusal(log, refusal)
    else if (waiting < MAX_WAITING) writeLater(log, keptRefusal(refusal))
    else leftOut++
  } catch {
    // A log must not decide about requests.
  }
  return true
}

function writeLater(log: Exclude<Log, false> | undefined, refusal: Refusal): void {
  waiting++
  withDiagnosis((diagnosis) => {
    waiting--
    diagnosis.writeRefusal(log, refusal, leftOut)
    leftOut = 0
  })
}

/** Whether refusals with this status and for this reason are logged. */
export function isLogged(
  log: Log | undefined,
  status: number,
  error: AuthenticationError | undefined,
): boolean {
  if (log !== undefined) return log !== false
  const verbosity = defaultVerbosity()
  if (verbosity !== 'errors') return verbosity === 'refusals'
  return status >= 500 || error?.code === 'unavailable'
}
