import { dirname } from 'node:path'
import type { Random } from './random.ts'
import type { Owner, Timeline } from './timeline.ts'

/** Files below it are on the disks of simulated machines. */
export const DISK = '/simulated'
/** A folder that changes as a mounted secret does: its files are links into one of its generations. */
export const MOUNT: string = `${DISK}/roles`

/** A file at one moment. */
export interface DiskFile {
  readonly inode: bigint
  readonly bytes: Uint8Array
  readonly changedNs: bigint
}

/** How soon a process is told that a folder has changed. `never`: as on some network file systems. */
export type Notifications = 'soon' | 'late' | 'never'

/** The disk of a machine, which outlives its processes. */
export interface MachineDisk {
  readonly notifications: Notifications
  /** Since when processes are told soon; `Infinity` while they are not. */
  readonly toldSinceMs: number
  /** From now on they are told so. */
  notify(how: Notifications): void
  /** Whether its times have two seconds, as those of FAT. */
  isCoarse: boolean
  /** Where a path leads. */
  resolve(path: string): string
  file(path: string): DiskFile | undefined
  folder(path: string): readonly string[] | undefined
  /** Writes a file: another one in its place, or the same one. */
  write(path: string, text: string, how: 'replace' | 'in place'): void
  remove(path: string): void
  /** Makes a generation of the mounted folder, and has its links lead there. */
  swap(files: Readonly<Record<string, string>>): void
  /** Tells a process of changes in a folder. Returns a function that stops it. */
  watch(folder: string, owner: Owner, onChange: () => void): () => void
}

interface Watcher {
  readonly folder: string
  readonly owner: Owner
  readonly onChange: () => void
  /** Whether it is told already, and has not heard it yet. */
  isTold: boolean
}

/** An empty disk. @param wallMs the clock of its machine. */
export function machineDisk(time: Timeline, random: Random, wallMs: () => number): MachineDisk {
  const files = new Map<string, DiskFile>()
  const watchers = new Set<Watcher>()
  let notifications: Notifications = 'soon'
  let toldSinceMs = time.nowMs
  let inodes = 0n
  let generation = 0

  const disk: MachineDisk = {
    get notifications() {
      return notifications
    },
    get toldSinceMs() {
      return notifications === 'soon' ? toldSinceMs : Infinity
    },
    notify(how) {
      if (how === 'soon' && notifications !== 'soon') toldSinceMs = time.nowMs
      notifications = how
    },
    isCoarse: false,
    resolve: (path) =>
      path.startsWith(`${MOUNT}/`) && !path.startsWith(`${MOUNT}/..`)
        ? path.replace(MOUNT, `${MOUNT}/..${generation}`)
        : path,
    file: (path) => files.get(disk.resolve(path)),
    folder(path) {
      const inside = path === MOUNT ? `${MOUNT}/..${generation}/` : `${path}/`
      const names = [...files.keys()].filter((each) => each.startsWith(inside))
      return names.length === 0 && path !== DISK ? undefined : names.map((each) => each.slice(inside.length))
    },
    write(path, text, how) {
      const place = disk.resolve(path)
      const inode = (how === 'in place' ? files.get(place)?.inode : undefined) ?? ++inodes
      files.set(place, { inode, bytes: new TextEncoder().encode(text), changedNs: now() })
      changed(dirname(place))
    },
    remove(path) {
      files.delete(disk.resolve(path))
      changed(dirname(disk.resolve(path)))
    },
    swap(contents) {
      const before = `${MOUNT}/..${generation++}`
      for (const [name, text] of Object.entries(contents))
        disk.write(`${MOUNT}/..${generation}/${name}`, text, 'replace')
      for (const path of files.keys()) if (dirname(path) === before) files.delete(path)
      changed(MOUNT)
    },
    watch(folder, owner, onChange) {
      const watcher = { folder, owner, onChange, isTold: false }
      watchers.add(watcher)
      return () => void watchers.delete(watcher)
    },
  }
  const now = (): bigint => {
    const ms = wallMs()
    return disk.isCoarse
      ? BigInt(Math.floor(ms / 2000)) * 2_000_000_000n
      : BigInt(ms) * 1_000_000n + BigInt(random.below(1_000_000))
  }
  const changed = (folder: string): void => {
    for (const each of watchers) {
      if (each.owner.isOver) watchers.delete(each)
      else if (each.folder === folder && notifications !== 'never' && !each.isTold) {
        const delayMs = notifications === 'soon' ? random.between(1, 50) : random.below(20_000)
        each.isTold = true
        const hear = (): void => {
          each.isTold = false
          if (watchers.has(each)) each.onChange()
        }
        time.after(delayMs, hear, each.owner)
      }
    }
  }
  return disk
}
