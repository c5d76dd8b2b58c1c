import { dirname } from 'node:path'
import { type AuditEvent, auditLog, legacyAuditLine } from '@kube-authn/core/audit'
import { refuseProblems } from '@kube-authn/core/options'
import { ConfigurationError, notify, type Observer, systemClock } from '@kube-authn/core'
import { unreadable } from '../file-source/unreadable.ts'
import { aPath } from '../options/a-path.ts'
import { type AuditFileOptions, auditFileProblems, logOptionsOf } from './audit-file-options.ts'
import { bufferedLines, type LineSink } from './buffered-lines.ts'
import { type FollowedFile, followedFile } from './followed-file.ts'
import { rotationOf } from './rotation.ts'

/** A log of requests in a file. */
export interface AuditFile {
  readonly observer: Observer
  /** Writes an event, for who has an `auditLog` of their own with more than this file. */
  readonly write: (event: AuditEvent) => void
  /** Writes what is left, and no more after that. */
  readonly close: () => void
}

/**
 * An observer that appends an audit log to a file: one JSON object a line (`--audit-log-path`). A new file is for its owner only;
 * one that is there keeps its mode and its owner, and a symbolic link is followed, so the folder must be one that only trusted
 * users may write to.
 *
 * A file that would be too large is moved to `name-2006-01-02T15-04-05.000.log`, and old ones are removed: see the options. When the file was
 * renamed or removed, as `logrotate` does it, the next event goes to a new file at the path; while none can be opened there, events go on to the
 * file before, and `onError` is told. After a line that was cut off, as on a full disk, the next begins on a line of its own.
 *
 * With `mode: 'blocking'` each line is written before the next request goes on, so none is lost when the process ends; with `batch` requests do
 * not wait for the disk.
 *
 * Source: apiserver `plugin/pkg/audit/log`, `pkg/server/options/audit.go`.
 *
 * Deviation: kube-apiserver does not follow a file that is renamed, and refuses requests that it cannot log where it is told to
 * (`docs/deviations.md`, audit files).
 *
 * @throws {ConfigurationError} when the file cannot be opened, or an option cannot work.
 * @example
 * const audit = auditFile('/var/log/my-app/audit.log', { trustedProxies: 1 })
 * app.use(authentication(authenticator, { observer: audit.observer }))
 */
export function auditFile(path: string, options: AuditFileOptions = {}): AuditFile {
  refuseProblems(aPath(path, 'path'), auditFileProblems(options))
  const { format = 'json', mode = 'blocking', observer, clock = systemClock } = options
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

/** @throws {ConfigurationError} when it cannot be opened. */
function opened(path: string, open: () => FollowedFile): FollowedFile {
  try {
    return open()
  } catch (cause) {
    const isFolderMissing = cause instanceof Error && 'code' in cause && cause.code === 'ENOENT'
    const { message } = unreadable(isFolderMissing ? dirname(path) : path, cause)
    throw new ConfigurationError([{ path: 'path', message }], { cause })
  }
}
