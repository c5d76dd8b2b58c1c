import {
  aBoolean,
  above,
  aClock,
  aFunction,
  atLeast,
  type OptionsShape,
  required,
  wholeNumber,
} from '@kube-authn/core/options'
import type { FileSourceOptions } from '../file-source/file-source.ts'
import type { ReloadOptions } from '../file-source/reloading-source.ts'

/** The checks of {@link ReloadOptions}. */
export const reloadShape: OptionsShape<ReloadOptions> = {
  reload: aBoolean,
  settleSeconds: atLeast(0),
  pollSeconds: above(0),
  observer: aFunction,
  clock: aClock,
}

/** The checks of what every file can be told that is read in one go. */
export const fileShape: OptionsShape<Omit<FileSourceOptions<unknown>, 'parse'>> = {
  ...reloadShape,
  maxBytes: wholeNumber(1),
}

/** The same with what the content means. */
export const sourceShape: OptionsShape<FileSourceOptions<unknown>> = {
  ...fileShape,
  parse: required(aFunction),
}

/** The options of reloading, of options with more. */
export function reloadOf({
  reload,
  settleSeconds,
  pollSeconds,
  observer,
  clock,
}: ReloadOptions): ReloadOptions {
  return {
    ...(reload !== undefined && { reload }),
    ...(settleSeconds !== undefined && { settleSeconds }),
    ...(pollSeconds !== undefined && { pollSeconds }),
    ...(observer !== undefined && { observer }),
    ...(clock !== undefined && { clock }),
  }
}

/** What only reloading has: its observer is told of files, and its clock is that of all the rest. */
export const RELOAD_OPTIONS: readonly ['reload', 'settleSeconds', 'pollSeconds'] = [
  'reload',
  'settleSeconds',
  'pollSeconds',
]
