import type { Sink } from '../../authenticator/diagnosis.ts'
import type { LogEntry } from '../../authenticator/log.ts'
import { tell } from '../../authenticator/notify.ts'

/** Writes one line. Errors of a logger, synchronous or not, are ignored. */
export function writeEntry(log: Sink, entry: LogEntry): void {
  if (log === undefined) print(entry)
  // A logger may be a function too, with methods.
  else if ('warn' in log) tell((message: string) => log[entry.level](message), entry.message)
  else tell(log, entry)
}

/** The default prints no progress. */
function print({ level, message }: LogEntry): void {
  if (level !== 'warn' && level !== 'error') return
  console[level](message)
}
