import { type AppWarning, withDiagnosis } from './diagnosis.ts'
import type { Log } from './log.ts'

/** Says once what is likely a mistake in the app. @param where the property of a replaced user, or the options that upgrades lack. */
export function advise(log: Log | undefined, warning: AppWarning, where?: string): void {
  if (log !== false) withDiagnosis((diagnosis) => diagnosis.writeAppWarning(log, warning, where))
}
