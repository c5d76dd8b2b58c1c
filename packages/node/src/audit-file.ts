import { closeSync, openSync, writeSync } from 'node:fs'
import { auditLog, type AuditLogOptions } from '@kube-authn/core/audit'
import type { Observer } from '@kube-authn/core'

/** Options of {@link auditFile}. */
export type AuditFileOptions = Omit<AuditLogOptions, 'write'> & {
  /** Told when a line cannot be written. Default: the process goes on without a word, since requests must. */
  readonly onError?: (error: unknown) => void
}

/**
 * An observer that appends an audit log to a file: one JSON object a line (`--audit-log-path`). The file is made for its owner
 * only. Each line is written before the next request goes on, so none is lost when the process ends.
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
  const { onError, ...log } = options
  const descriptor = openSync(path, 'a', 0o600)
  let isClosed = false
  const observer = auditLog({
    ...log,
    write(event) {
      if (isClosed) return
      try {
        writeSync(descriptor, `${JSON.stringify(event)}\n`)
      } catch (error) {
        onError?.(error)
      }
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
