import {
  aBoolean,
  above,
  aFunction,
  type OptionsShape,
  required,
  wholeNumber,
} from '@kube-authn/core/adapter'
import { defined, aClock, atLeast } from '@kube-authn/core/internal'
import type { FileContent } from '../file-source/read-file.ts'
import type { ReloadOptions } from '../file-source/reloading-source.ts'

export const reloadShape: OptionsShape<ReloadOptions> = {
  reload: aBoolean,
  settleSeconds: atLeast(0),
  pollSeconds: above(0),
  observer: aFunction,
  clock: aClock,
}

/** The checks of the options of every file that is read at once. */
export const fileShape: OptionsShape<FileOptions> = {
  ...reloadShape,
  maxBytes: wholeNumber(1),
}

/** The same with `parse`. */
export const sourceShape: OptionsShape<FileSourceOptions<unknown>> = {
  ...fileShape,
  parse: required(aFunction),
}

export function reloadOf(options: ReloadOptions): ReloadOptions {
  const { reload, settleSeconds, pollSeconds, observer, clock } = options
  return defined({ reload, settleSeconds, pollSeconds, observer, clock })
}

/** The options that only reloading has: `observer` and `clock` are shared with other parts. */
export const RELOAD_OPTIONS: readonly ['reload', 'settleSeconds', 'pollSeconds'] = [
  'reload',
  'settleSeconds',
  'pollSeconds',
]

/** Options of every file that is read at once. */
export interface FileOptions extends ReloadOptions {
  /** Larger files are refused. Default 100 MiB. */
  readonly maxBytes?: number
}

export interface FileSourceOptions<T> extends FileOptions {
  /** Parses the content; throws to refuse it. */
  readonly parse: (content: FileContent) => T
}
