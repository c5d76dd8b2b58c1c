import type { ConfigurationProblem } from '@kube-authn/core'
import { type AuditLogOptions, auditLogShape } from '@kube-authn/core/audit'
import {
  aBoolean,
  aFunction,
  atLeast,
  oneOf,
  optionProblems,
  type OptionsShape,
  wholeNumber,
  without,
} from '@kube-authn/core/options'

/** Options of {@link auditFile}. The defaults are those of kube-apiserver 1.36. */
export type AuditFileOptions = Omit<AuditLogOptions, 'write'> & {
  /** The size at which the file is moved to a backup (`--audit-log-maxsize`). Default 100; 0 moves it never. */
  readonly maxSizeMegabytes?: number
  /** How long a backup is kept, by the time in its name (`--audit-log-maxage`). Default 366; 0 is for ever. */
  readonly maxAgeDays?: number
  /** How many backups are kept (`--audit-log-maxbackup`). Default 100; 0 is any number. */
  readonly maxBackups?: number
  /** Whether backups are compressed with gzip (`--audit-log-compress`). Default `false`. */
  readonly compress?: boolean
  /** `json` (default), or the lines that kube-apiserver had before: `legacy` (`--audit-log-format`). */
  readonly format?: 'json' | 'legacy'
  /**
   * Whether a request waits until its event is written: `blocking` (default), or not: `batch` (`--audit-log-mode`). A process that is killed loses
   * what is in the buffer.
   */
  readonly mode?: 'batch' | 'blocking'
  /** How many events may wait in mode `batch`; what is beyond is lost, and `onError` told (`--audit-log-batch-buffer-size`). Default 10,000. */
  readonly bufferSize?: number
  /**
   * Told whenever a line cannot be written at the path, or not as a whole, and when a file cannot be moved, removed or compressed; requests go on.
   * Default: a process warning, `KUBE_AUTHN_AUDIT`, the first time.
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

/** What is wrong with options. */
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

/** The options that are about what is logged. */
export function logOptionsOf(options: AuditFileOptions): Omit<AuditLogOptions, 'write'> {
  return without(options, ...OF_FILE)
}
