import { closeSync, openSync, writeSync } from 'node:fs'
import { auditLog, type AuditLogOptions } from '@kube-authn/core/audit'
import type { Observer } from '@kube-authn/core'
import { lineWriter } from './line-writer.ts'

/** Options of {@link auditFile}. */
export type AuditFileOptions = Omit<AuditLogOptions, 'write'> & {
  /**
   * Told whenever a line cannot be written, or not as a whole; requests go on. Default: a process warning, `KUBE_AUTHN_AUDIT`, the
   * first time.
   */
  readonly onError?: (error: unknown) => void
}

/**
 * An observer that appends an audit log to a file: one JSON object a line (`--audit-log-path`). A new file is for its owner only;
 * one that is there keeps its mode and its owner, and a symbolic link is followed, so the folder must be one that only trusted
 * users may write to. Each line is written before the next request goes on, so none is lost when the process ends. After a line that
 * was cut off, as on a full disk, the next begins on a line of its own.
 *
 * @throws {Error} when the file cannot be opened.
 * @example
 * const audit = auditFile('/var/log/audit.jsonl')
 * app.use(authentication(authenticator, { observer: audit.observer }))
 */
export function auditFile(
  path: string,
  options: AuditFileOptions = {},
): {
  readonly observer: Observer
  /** Writes no more. */
  readonly close: () => void
} {
  const { onError = warnOnce(path), ...log } = options
  const descriptor = openSync(path, 'a', 0o600)
  const writeLine = lineWriter((bytes, offset) => writeSync(descriptor, bytes, offset), onError)
  let isClosed = false
  const observer = auditLog({
    ...log,
    write(event) {
      if (!isClosed) writeLine(JSON.stringify(event))
    },
  })
  return {
    observer,
    close: () => {
      if (!isClosed) closeSync(descriptor)
      isClosed = true
    },
  }
}

function warnOnce(path: string): (error: unknown) => void {
  let isTold = false
  return (error) => {
    if (isTold) return
    isTold = true
    process.emitWarning(`${path}: an audit event cannot be written: ${String(error)}`, {
      code: 'KUBE_AUTHN_AUDIT',
    })
  }
}
