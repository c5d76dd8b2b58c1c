import * as fs from 'node:fs'
import type { Clock } from '@kube-authn/core'
import { type BackupNames, backupNamesOf, COMPRESSED } from './backup-names.ts'
import type { FileRotation, OnFileError } from './followed-file.ts'
import { type BackupLimits, tidyBackups } from './old-backups.ts'

/** Options of {@link rotationOf}. */
export interface RotationOptions extends BackupLimits {
  /** 0 disables rotation. */
  readonly maxSizeMegabytes: number
  readonly clock: Clock
  readonly onError: OnFileError
}

/**
 * Moves a file that would grow too large to a backup with the time in its name, then removes old backups in the background. If the path is a symbolic
 * link, its target is moved.
 */
export function rotationOf(
  path: string,
  options: RotationOptions,
): (FileRotation & { readonly tidy: () => void }) | undefined {
  const { maxSizeMegabytes, clock, onError } = options
  if (maxSizeMegabytes === 0) return undefined
  let isTidying = false
  let isTidyWanted = false

  const tidyAll = async (names: BackupNames): Promise<void> => {
    isTidying = true
    while (isTidyWanted) {
      isTidyWanted = false
      await tidyBackups(names, options, clock.now(), (error) => onError(error, 0))
    }
    isTidying = false
  }
  const tidy = (names: BackupNames): void => {
    isTidyWanted = true
    if (!isTidying) void tidyAll(names)
  }

  return {
    maxBytes: maxSizeMegabytes * 1_048_576,
    rotate() {
      const file = fs.realpathSync(path)
      const names = backupNamesOf(file)
      let time = clock.now()
      // Two rotations in one millisecond must not use the same name.
      while (isTaken(names.pathAt(time))) time++
      fs.renameSync(file, names.pathAt(time))
      tidy(names)
    },
    tidy: () => tidy(backupNamesOf(fs.realpathSync(path))),
  }
}

function isTaken(backup: string): boolean {
  return fs.existsSync(backup) || fs.existsSync(`${backup}${COMPRESSED}`)
}
