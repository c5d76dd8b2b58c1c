import { dirname } from 'node:path'
import { type AuditEvent, auditLog } from '@kube-authn/audit'
import { legacyAuditLine } from '@kube-authn/audit/internal'
import { refuseProblems, systemClock } from '@kube-authn/core/internal'
import { ConfigurationError, type Observer } from '@kube-authn/core'
import { notify } from '@kube-authn/core/adapter'
import { unreadable } from '../file-source/unreadable.ts'
import { aPath } from '../options/file-option.ts'
import { type AuditFileOptions, auditFileProblems, logOptionsOf } from './audit-file-options.ts'
import { bufferedLines, type LineSink } from './buffered-lines.ts'
import { type FollowedFile, followedFile } from './followed-file.ts'
import { rotationOf } from './rotation.ts'

/** An audit log in a file. */
export interface AuditFile {
  readonly observer: Observer
  /** Writes an event; for a custom `auditLog` that writes to more than this file. */
  readonly write: (event: AuditEvent) => void
  /** Writes the remaining events; later events are ignored. */
  readonly close: () => void
}

/**
 * An observer that appends an audit log to a file: one JSON object per line (`--audit-log-path`). A new file is readable by its owner only; an
 * existing one keeps its mode and owner. Symbolic links are followed, so only trusted users may have write access to the folder.
 *
 * A file that would grow too large is moved to `name-2006-01-02T15-04-05.000.log`, and old backups are removed: see the options. If the file was
 * renamed or removed, for example by `logrotate`, the next event goes to a new file at the path. While no file can be opened there, events go to the
 * previous file and `onError` is called. After a truncated line, for example on a full disk, the next event starts on a new line.
 *
 * Requests do not wait for the disk. Lines that are not written yet are written when the process ends, unless it is killed; with `mode: 'blocking'` each
 * line is written before its request continues.
 *
 * Source: apiserver `plugin/pkg/audit/log`, `pkg/server/options/audit.go`.
 *
 * Deviation: kube-apiserver blocks by default, does not follow a renamed file, and can be configured to refuse requests that it cannot log
 * (`docs/deviations.md`, audit files).
 *
 * @throws {ConfigurationError} if the file cannot be opened or an option is invalid.
 * @example
 * const audit = auditFile('/var/log/my-app/audit.log', { trustedProxies: 1 })
 * app.use(authentication(authenticator, { observer: audit.observer }))
 */
export function auditFile(path: string, options: AuditFileOptions = {}): AuditFile {
  refuseProblems(aPath(path, 'path'), auditFileProblems(options))
  const { format = 'json', mode = 'batch', observer, clock = systemClock } = options
  const onError = options.onError ?? warnOnce(path)
  const failing =
    (plugin: 'log' | 'buffered') =>
    (error: unknown, count: number): void => {
      onError(error)
      if (count > 0) notify(observer, { type: 'audit', what: 'error', level: 'Metadata', plugin, count })
    }
  const onFileError = failing('log')
  const rotation = rotationOf(path, {
    maxSizeMegabytes: options.maxSizeMegabytes ?? 100,
    maxAgeDays: options.maxAgeDays ?? 366,
    maxBackups: options.maxBackups ?? 100,
    compress: options.compress ?? false,
    clock,
    onError: onFileError,
  })
  const file = opened(path, () => followedFile(path, onFileError, rotation))
  rotation?.tidy()
  const lines: LineSink =
    mode === 'batch'
      ? bufferedLines(file, options.bufferSize ?? 10_000, onFileError, failing('buffered'))
      : file
  let isClosed = false
  const write = (event: AuditEvent): void => {
    if (!isClosed) lines.append(format === 'legacy' ? legacyAuditLine(event) : JSON.stringify(event))
  }
  return {
    observer: auditLog({ ...logOptionsOf(options), write }),
    write,
    close: () => {
      if (!isClosed) lines.close()
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

/** @throws {ConfigurationError} if the file cannot be opened. */
function opened(path: string, open: () => FollowedFile): FollowedFile {
  try {
    return open()
  } catch (cause) {
    const isFolderMissing = cause instanceof Error && 'code' in cause && cause.code === 'ENOENT'
    const { message } = unreadable(isFolderMissing ? dirname(path) : path, cause)
    throw new ConfigurationError([{ path: 'path', message }], { cause })
  }
}
