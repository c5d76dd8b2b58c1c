import type { ConfigurationProblem } from '@kube-authn/core'
import type { AuditLogOptions } from '@kube-authn/audit'
import { auditLogShape } from '@kube-authn/audit/internal'
import { atLeast, optionProblems, without } from '@kube-authn/core/internal'
import { aBoolean, aFunction, oneOf, type OptionsShape, wholeNumber } from '@kube-authn/core/adapter'

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

type OfFile = Omit<AuditFileOptions, keyof Omit<AuditLogOptions, 'write'>>

const ofFile: OptionsShape<OfFile> = {
  maxSizeMegabytes: atLeast(0),
  maxAgeDays: atLeast(0),
  maxBackups: wholeNumber(0),
  compress: aBoolean,
  format: oneOf('json', 'legacy'),
  mode: oneOf('batch', 'blocking'),
  bufferSize: wholeNumber(1),
  onError: aFunction,
}

const shape: OptionsShape<AuditFileOptions> = { ...without(auditLogShape, 'write'), ...ofFile }

export function auditFileProblems(options: AuditFileOptions): readonly ConfigurationProblem[] {
  return optionProblems(shape, options)
}

const OF_FILE = [
  'maxSizeMegabytes',
  'maxAgeDays',
  'maxBackups',
  'compress',
  'format',
  'mode',
  'bufferSize',
  'onError',
] as const satisfies readonly (keyof OfFile)[]

/** The options that control what is logged. */
export function logOptionsOf(options: AuditFileOptions): Omit<AuditLogOptions, 'write'> {
  return without(options, ...OF_FILE)
}
