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

declare const process: { readonly env: { readonly NODE_ENV?: string } }

/** What is logged if no option says it. */
export type Verbosity = 'refusals' | 'errors' | 'notices'

/**
 * All refusals in development, errors in production, and notices only in a test. `NODE_ENV` is read in the form that bundlers replace; if
 * it cannot be read, as in a Worker whose bundler did not set it, this is production.
 */
export function defaultVerbosity(): Verbosity {
  const mode = nodeEnv()
  if (mode === 'test') return 'notices'
  return mode === 'production' ? 'errors' : 'refusals'
}

function nodeEnv(): string | undefined {
  try {
    return process.env.NODE_ENV
  } catch {
    return 'production'
  }
}
