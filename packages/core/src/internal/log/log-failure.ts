import { withDiagnosis } from '../../authenticator/diagnosis.ts'
import type { Log } from '../../authenticator/log.ts'
import { defaultVerbosity } from './default-verbosity.ts'
import type { Failure } from './failure.ts'

/** Logs a failure with its cause, without secrets and queries. It never throws. */
export function logFailure(log: Log | undefined, failure: Failure): void {
  if (log === false) return
  if (log === undefined && failure.level === 'warn' && defaultVerbosity() !== 'refusals') return
  withDiagnosis((diagnosis) => diagnosis.writeFailure(log, failure))
}
