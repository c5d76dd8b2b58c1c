import type { Log, LogEntry } from '../../authenticator/log.ts'
import { tell } from '../tell.ts'

/** Where a line goes; `undefined` is the console. */
export type Sink = Exclude<Log, false> | undefined

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

/** Returns a function that returns the state of a log, made when it is first needed. All who write to the same logger share it. */
export function stateOfSink<T extends object>(make: () => T): (log: Sink) => T {
  const ofConsole = make()
  const ofLogs = new WeakMap<object, T>()
  return (log) => {
    if (log === undefined) return ofConsole
    const known = ofLogs.get(log)
    if (known !== undefined) return known
    const made = make()
    ofLogs.set(log, made)
    return made
  }
}
