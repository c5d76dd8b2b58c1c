import type { LogEntry } from '@kube-authn/core'
import { note, type Terminal } from '../terminal/terminal.ts'

/** Receives a line of the log. */
export type Log = (entry: Pick<LogEntry, 'level' | 'message'>) => void

/** Writes the log to stderr, each line with its time. */
export function serverLog(terminal: Terminal): Log {
  return ({ level, message }) => note(terminal, `${new Date().toISOString()} ${level} ${message}`)
}
