import * as fs from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import type { Clock } from '@kube-authn/core'
import type { FileRotation, OnFileError } from './followed-file.ts'

interface RotationOptions {
  /** 0 disables rotation. */
  readonly maxSizeMegabytes: number
  /** How many backups are kept; 0 means no limit. */
  readonly maxBackups: number
  /** How long they are kept, by the timestamp in their names; 0 means forever. */
  readonly maxAgeDays: number
  readonly compress: boolean
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

const COMPRESSED = '.gz'

/** Names of backups: `audit.log` is moved to `audit-2006-01-02T15-04-05.000.log`, the time of the rotation. */
interface BackupNames {
  readonly folder: string
  pathAt(milliseconds: number): string
  /** When a backup was made, from its name; `undefined` for other files. */
  timeOf(name: string): number | undefined
}

/**
 * The backup names of a file.
 *
 * Source: lumberjack v2 `lumberjack.go` (`backupName`, `timeFromName`), which kube-apiserver uses for rotation.
 */
export function backupNamesOf(path: string): BackupNames {
  const folder = dirname(path)
  const name = basename(path)
  const dot = name.lastIndexOf('.')
  const extension = dot === -1 ? '' : name.slice(dot)
  const prefix = `${name.slice(0, name.length - extension.length)}-`
  return {
    folder,
    pathAt(milliseconds) {
      const [date = '', time = ''] = new Date(milliseconds).toISOString().split('T')
      return join(folder, `${prefix}${date}T${time.slice(0, -1).replaceAll(':', '-')}${extension}`)
    },
    timeOf(given) {
      const plain = withoutSuffix(given)
      if (!plain.startsWith(prefix) || !plain.endsWith(extension)) return undefined
      const found = TIME.exec(plain.slice(prefix.length, plain.length - extension.length))
      const time = found === null ? NaN : Date.parse(`${found[1]}T${found[2]}:${found[3]}:${found[4]}Z`)
      return Number.isNaN(time) ? undefined : time
    },
  }
}

const TIME = /^(\d{4}-\d\d-\d\d)T(\d\d)-(\d\d)-(\d\d\.\d{3})$/

/**
 * Removes excess and old backups, and compresses the others if configured. Only files with the name of a backup are touched.
 *
 * Source: lumberjack v2 `lumberjack.go` (`millRunOnce`).
 *
 * @param onError called for each file that could not be removed or compressed; the others are still processed.
 */
async function tidyBackups(
  names: BackupNames,
  { maxBackups, maxAgeDays, compress }: Pick<RotationOptions, 'maxBackups' | 'maxAgeDays' | 'compress'>,
  nowMs: number,
  onError: (error: unknown) => void,
): Promise<void> {
  if (maxBackups === 0 && maxAgeDays === 0 && !compress) return
  const attempt = async (work: () => Promise<void>): Promise<void> => {
    try {
      await work()
    } catch (error) {
      onError(error)
    }
  }
  await attempt(async () => {
    const backups = await backupsOf(names)
    const oldestMs = maxAgeDays === 0 ? -Infinity : nowMs - maxAgeDays * DAY_MS
    // A backup and its unfinished compressed copy count as one.
    const kept = new Set<string>()
    for (const { name, time } of backups) {
      const plain = withoutSuffix(name)
      const isKept = time >= oldestMs && (kept.has(plain) || maxBackups === 0 || kept.size < maxBackups)
      const path = join(names.folder, name)
      if (!isKept) await attempt(() => fs.promises.rm(path, { force: true }))
      else if (compress && name === plain) await attempt(() => compressed(path))
      if (isKept) kept.add(plain)
    }
  })
}

const DAY_MS = 86_400_000

/** Newest first. */
async function backupsOf(
  names: BackupNames,
): Promise<readonly { readonly name: string; readonly time: number }[]> {
  const entries = await fs.promises.readdir(names.folder, { withFileTypes: true })
  const backups = entries.flatMap((entry) => {
    const time = entry.isFile() ? names.timeOf(entry.name) : undefined
    return time === undefined ? [] : [{ name: entry.name, time }]
  })
  return backups.toSorted((a, b) => b.time - a.time)
}

function withoutSuffix(name: string): string {
  return name.endsWith(COMPRESSED) ? name.slice(0, -COMPRESSED.length) : name
}

/** The backup stays until it is completely compressed. */
async function compressed(path: string): Promise<void> {
  const { mode } = await fs.promises.stat(path)
  const target = `${path}${COMPRESSED}`
  try {
    await pipeline(
      fs.createReadStream(path),
      createGzip(),
      fs.createWriteStream(target, { mode: mode & 0o777 }),
    )
  } catch (error) {
    await fs.promises.rm(target, { force: true })
    throw error
  }
  await fs.promises.rm(path)
}
