import type { LogEntry } from '@kube-authn/core'
import type { FileNotice } from '@kube-authn/core/internal'
import { note } from '../terminal/output.ts'

/** Writes a line of the log to stderr, with its time. */
export function logLine({ level, message }: Pick<LogEntry, 'level' | 'message'>): void {
  note(`${new Date().toISOString()} ${level} ${message}`)
}

/** Logs notices about the flags. */
export function logNotices(notices: readonly FileNotice[]): void {
  for (const { severity, message } of notices) {
    logLine({ level: severity === 'warning' ? 'warn' : 'info', message: `flags: ${message}` })
  }
}
