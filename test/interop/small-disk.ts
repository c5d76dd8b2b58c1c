import { spawnSync } from 'node:child_process'
import { closeSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'

/** A file system of its own, which can be full. */
export interface SmallDisk {
  readonly folder: string
  /** Takes all the space that is left. */
  fill(): void
  /** Gives it back. */
  free(): void
  unmount(): void
}

/** Whose it is. */
interface Owner {
  readonly uid: number
  readonly gid: number
}

const PAGE = Buffer.alloc(4096, 1)

/** Mounts one. `undefined` if that is not allowed, which is printed. */
export function mountSmallDisk(
  folder: string,
  megabytes: number,
  { uid, gid }: Owner,
): SmallDisk | undefined {
  mkdirSync(folder, { recursive: true })
  const options = `size=${megabytes}m,mode=0700,uid=${uid},gid=${gid}`
  if (spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', folder]).status !== 0) {
    console.log('skipped: a full disk needs a small file system, which only root can mount')
    return undefined
  }
  const ballast = join(folder, 'ballast')
  return {
    folder,
    fill() {
      const file = openSync(ballast, 'a')
      try {
        for (;;) writeSync(file, PAGE)
      } catch (error) {
        if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error
      } finally {
        closeSync(file)
      }
    },
    free: () => rmSync(ballast, { force: true }),
    unmount: () => void spawnSync('umount', ['--lazy', folder]),
  }
}
