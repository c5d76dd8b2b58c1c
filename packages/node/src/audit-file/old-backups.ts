import { join } from 'node:path'
import * as fs from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { type BackupNames, COMPRESSED } from './backup-names.ts'

/** Which backups are kept. */
export interface BackupLimits {
  /** How many are kept; 0 means no limit. */
  readonly maxBackups: number
  /** How long they are kept, by the timestamp in their names; 0 means forever. */
  readonly maxAgeDays: number
  readonly compress: boolean
}

interface Backup {
  readonly name: string
  readonly time: number
}

/**
 * Removes excess and old backups, and compresses the others if configured. Only files with the name of a backup are touched.
 *
 * Source: lumberjack v2 `lumberjack.go` (`millRunOnce`).
 *
 * @param onError called for each file that could not be removed or compressed; the others are still processed.
 */
export async function tidyBackups(
  names: BackupNames,
  { maxBackups, maxAgeDays, compress }: BackupLimits,
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
async function backupsOf(names: BackupNames): Promise<readonly Backup[]> {
  const entries = await fs.promises.readdir(names.folder, { withFileTypes: true })
  const backups = entries.flatMap((entry): readonly Backup[] => {
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
