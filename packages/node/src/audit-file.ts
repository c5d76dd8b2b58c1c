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
import { type FollowedFile, followedFile } from './followed-file.ts'
import { aPath } from './options/a-path.ts'

/** Options of {@link auditFile}. */
export type AuditFileOptions = Omit<AuditLogOptions, 'write'> & {
  /**
   * Told whenever a line cannot be written at the path, or not as a whole; requests go on. Default: a process warning, `KUBE_AUTHN_AUDIT`, the
   * first time.
   */
  readonly onError?: (error: unknown) => void
}

const shape: OptionsShape<AuditFileOptions> = { ...without(auditLogShape, 'write'), onError: aFunction }

/**
 * An observer that appends an audit log to a file: one JSON object a line (`--audit-log-path`). A new file is for its owner only;
 * one that is there keeps its mode and its owner, and a symbolic link is followed, so the folder must be one that only trusted
 * users may write to. Each line is written before the next request goes on, so none is lost when the process ends. After a line that
 * was cut off, as on a full disk, the next begins on a line of its own. When the file was renamed or removed, as `logrotate` does it, the
 * next event goes to a new file at the path; while none can be opened there, events go on to the file before, and `onError` is told.
 *
 * Deviation: kube-apiserver also rotates the file by itself (`docs/deviations.md`, audit files).
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
  const { onError = warnOnce(path), ...log } = options
  const file = opened(path, onError)
  let isClosed = false
  const observer = auditLog({
    ...log,
    write(event) {
      if (!isClosed) file.append(JSON.stringify(event))
    },
  })
  return {
    observer,
    close: () => {
      if (!isClosed) file.close()
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

/** @throws {ConfigurationError} when it cannot be opened. */
function opened(path: string, onError: (error: unknown) => void): FollowedFile {
  try {
    return followedFile(path, onError)
  } catch (cause) {
    const isFolderMissing = cause instanceof Error && 'code' in cause && cause.code === 'ENOENT'
    const { message } = unreadable(isFolderMissing ? dirname(path) : path, cause)
    throw new ConfigurationError([{ path: 'path', message }], { cause })
  }
}
