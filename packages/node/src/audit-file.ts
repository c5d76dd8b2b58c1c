import { closeSync, openSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import { auditLog, type AuditLogOptions, auditLogShape } from '@kube-authn/core/audit'
import {
  aFunction,
  optionProblems,
  type OptionsShape,
  refuseProblems,
  without,
} from '@kube-authn/core/options'
import { ConfigurationError, type Observer } from '@kube-authn/core'
import { unreadable } from './file-source/unreadable.ts'
import { aPath } from './options/a-path.ts'

/** Options of {@link auditFile}. */
export type AuditFileOptions = Omit<AuditLogOptions, 'write'> & {
  /** Told when a line cannot be written. Default: the process goes on without a word, since requests must. */
  readonly onError?: (error: unknown) => void
}

const shape: OptionsShape<AuditFileOptions> = { ...without(auditLogShape, 'write'), onError: aFunction }

/**
 * An observer that appends an audit log to a file: one JSON object a line (`--audit-log-path`). The file is made for its owner
 * only. Each line is written before the next request goes on, so none is lost when the process ends.
 *
 * @throws {ConfigurationError} when the file cannot be opened, or an option cannot work.
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
  refuseProblems(aPath(path, 'path'), optionProblems(shape, options))
  const { onError, ...log } = options
  const descriptor = opened(path)
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

/** @throws {ConfigurationError} when it cannot be opened. */
function opened(path: string): number {
  try {
    return openSync(path, 'a', 0o600)
  } catch (cause) {
    const isFolderMissing = cause instanceof Error && 'code' in cause && cause.code === 'ENOENT'
    const { message } = unreadable(isFolderMissing ? dirname(path) : path, cause)
    throw new ConfigurationError([{ path: 'path', message }], { cause })
  }
}
