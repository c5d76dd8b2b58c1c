import * as fs from 'node:fs'
import { dirname } from 'node:path'
import { type AuditEvent, auditLog, type AuditLogOptions } from '@kube-authn/audit'
import { auditLogShape, legacyAuditLine } from '@kube-authn/audit/internal'
import { ConfigurationError, type Observer } from '@kube-authn/core'
import { aBoolean, aFunction, notify, oneOf, type OptionsShape, wholeNumber } from '@kube-authn/core/adapter'
import { atLeast, optionProblems, refuseProblems, systemClock, without } from '@kube-authn/core/internal'
import { unreadable } from '../file-source/read-file.ts'
import { closeable } from '../options/closeable.ts'
import { aPath } from '../options/file-option.ts'
import { bufferedLines } from './buffered-lines.ts'
import { followedFile, type OnFileError } from './followed-file.ts'
import { rotationOf } from './rotation.ts'

/** Options of {@link auditFile}. The defaults are those of kube-apiserver 1.36. */
export type AuditFileOptions = Omit<AuditLogOptions, 'write'> & {
  /** The size at which the file is rotated (`--audit-log-maxsize`). Default 100; 0 disables rotation. */
  readonly maxSizeMegabytes?: number
  /** How long backups are kept, by the timestamp in their names (`--audit-log-maxage`). Default 366; 0 keeps them forever. */
  readonly maxAgeDays?: number
  /** How many backups are kept (`--audit-log-maxbackup`). Default 100; 0 means no limit. */
  readonly maxBackups?: number
  /** Whether backups are compressed with gzip (`--audit-log-compress`). Default `false`. */
  readonly compress?: boolean
  /** `json` (default), or kube-apiserver's older line format: `legacy` (`--audit-log-format`). */
  readonly format?: 'json' | 'legacy'
  /**
   * `batch` (default): events are buffered, and a killed process loses the buffer. `blocking`: a request waits until its event is written
   * (`--audit-log-mode`, whose default is `blocking`).
   */
  readonly mode?: 'batch' | 'blocking'
  /** How many events mode `batch` buffers; further events are dropped and reported to `onError` (`--audit-log-batch-buffer-size`). Default 10,000. */
  readonly bufferSize?: number
  /**
   * Called when a line cannot be written completely, and when a file cannot be rotated, removed or compressed; requests continue. Default: a process
   * warning, `KUBE_AUTHN_AUDIT`, the first time.
   */
  readonly onError?: (error: unknown) => void
}

const shape: OptionsShape<AuditFileOptions> = {
  ...without(auditLogShape, 'write'),
  maxSizeMegabytes: atLeast(0),
  maxAgeDays: atLeast(0),
  maxBackups: wholeNumber(0),
  compress: aBoolean,
  format: oneOf('json', 'legacy'),
  mode: oneOf('batch', 'blocking'),
  bufferSize: wholeNumber(1),
  onError: aFunction,
}

/** An audit log in a file. */
export interface AuditFile extends AsyncDisposable {
  readonly observer: Observer
  /** Writes an event; for a custom `auditLog` that writes to more than this file. */
  readonly write: (event: AuditEvent) => void
  /** Writes the remaining events; later events are ignored. */
  readonly close: () => Promise<void>
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
  refuseProblems(aPath(path, 'path'), optionProblems(shape, options))
  const { maxSizeMegabytes = 100, maxAgeDays = 366, maxBackups = 100, compress = false, ...others } = options
  const warn = warnOnce((error: unknown) => `${path}: an audit event cannot be written: ${String(error)}`)
  const { format = 'json', mode = 'batch', bufferSize = 10_000, onError = warn, ...log } = others
  const { observer, clock = systemClock } = log
  const failing =
    (plugin: 'log' | 'buffered'): OnFileError =>
    (error, count) => {
      onError(error)
      if (count > 0) notify(observer, { type: 'audit', what: 'error', level: 'Metadata', plugin, count })
    }
  const onFileError = failing('log')
  const limits = { maxSizeMegabytes, maxAgeDays, maxBackups, compress }
  const rotation = rotationOf(path, { ...limits, clock, onError: onFileError })
  const file = opened(path, () => followedFile(path, onFileError, rotation))
  rotation?.tidy()
  const lines = mode === 'batch' ? bufferedLines(file, bufferSize, onFileError, failing('buffered')) : file
  let closed: Promise<void> | undefined
  const write = (event: AuditEvent): void => {
    if (closed === undefined)
      lines.append(format === 'legacy' ? legacyAuditLine(event) : JSON.stringify(event))
  }
  return closeable({ observer: auditLog({ ...log, write }), write }, () => {
    closed ??= lines.close()
    return closed
  })
}

/** Checks whether {@link auditFile} can open its file, and opens nothing. @throws {ConfigurationError} as it does. */
export function checkedAuditFile(
  path: string,
  options: AuditFileOptions = {},
): Pick<AuditFile, 'write' | 'close'> {
  refuseProblems(aPath(path, 'path'), optionProblems(shape, options))
  opened(path, () => {
    const found = fs.statSync(path, { throwIfNoEntry: false })
    fs.accessSync(found === undefined ? dirname(path) : path, fs.constants.W_OK)
    if (found?.isDirectory() === true) throw Object.assign(new Error('a folder'), { code: 'EISDIR' })
  })
  return { write() {}, close: () => Promise.resolve() }
}

/** A listener that emits a warning of the process for the first error. */
export function warnOnce<E>(messageOf: (error: E) => string): (error: E) => void {
  let isTold = false
  return (error) => {
    if (isTold) return
    isTold = true
    process.emitWarning(messageOf(error), { code: 'KUBE_AUTHN_AUDIT' })
  }
}

/** @throws {ConfigurationError} if the file cannot be opened. */
function opened<T>(path: string, open: () => T): T {
  try {
    return open()
  } catch (cause) {
    const isFolderMissing = cause instanceof Error && 'code' in cause && cause.code === 'ENOENT'
    const { message } = unreadable(isFolderMissing ? dirname(path) : path, cause)
    throw new ConfigurationError([{ path: 'path', message }], { cause })
  }
}
