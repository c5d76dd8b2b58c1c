import type { Log, LogEntry } from '../../authenticator/log.ts'
import { tell } from '../tell.ts'

/** Where a line goes; `undefined` is the console. */
export type Sink = Exclude<Log, false> | undefined

/** Writes one line. Errors of a logger, synchronous or not, are ignored. */
export function writeEntry(log: Sink, entry: LogEntry): void {
  const { level, message } = entry
  if (log === undefined) {
    // The default prints no progress.
    if (level === 'warn' || level === 'error') console[level](message)
  }
  // A logger may be a function too, with methods.
  else if ('warn' in log) tell((text: string) => log[level](text), message)
  else tell(log, entry)
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
