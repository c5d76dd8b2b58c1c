import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { DISK, type DiskFile, type MachineDisk } from './machine-disk.ts'
import type { Owner, Timeline } from './timeline.ts'

const FUNCTIONS = [
  'statSync',
  'fstatSync',
  'openSync',
  'closeSync',
  'readSync',
  'readFileSync',
  'readdirSync',
  'realpathSync',
  'watch',
] as const
/** Descriptors from here on are of simulated files. */
const FIRST_DESCRIPTOR = 1_000_000

/**
 * Replaces the functions of `node:fs` with which files are read: those below {@link DISK} are on the disk of the machine whose process runs the step. Returns a function that puts
 * them back.
 */
export function virtualFiles(
  time: Timeline,
  diskOf: (owner: Owner | undefined) => MachineDisk | undefined,
): () => void {
  const real = Object.fromEntries(FUNCTIONS.map((name) => [name, fs[name]]))
  const simulated: Readonly<Record<string, (...given: never[]) => unknown>> = filesOf(() => {
    const disk = diskOf(time.current)
    if (disk === undefined) throw new TypeError('a file was read that is of no machine')
    return { disk, owner: time.current as Owner }
  })
  const isSimulated = (where: unknown): boolean =>
    typeof where === 'number' ? where >= FIRST_DESCRIPTOR : String(where).startsWith(DISK)
  const replaced = FUNCTIONS.map((name) => {
    const either = (...given: never[]): unknown =>
      (isSimulated(given[0]) ? simulated[name] : (real[name] as (...all: never[]) => unknown))?.(...given)
    return [name, either] as const
  })
  Object.assign(fs, Object.fromEntries(replaced))
  syncBuiltinESMExports()
  return () => {
    Object.assign(fs, real)
    syncBuiltinESMExports()
  }
}

function filesOf(at: () => { readonly disk: MachineDisk; readonly owner: Owner }) {
  const open = new Map<number, { readonly file: DiskFile; position: number }>()
  let last = FIRST_DESCRIPTOR
  const fileAt = (path: string): DiskFile => {
    const found = at().disk.file(path)
    if (found === undefined) throw missing(path)
    return found
  }
  const opened = (descriptor: number): { readonly file: DiskFile; position: number } => {
    const found = open.get(descriptor)
    if (found === undefined) throw new TypeError('the descriptor is closed')
    return found
  }
  const statsOf = ({ inode, changedNs }: DiskFile, size: number | bigint) => ({
    dev: 1n,
    ino: inode,
    size,
    mtimeNs: changedNs,
    ctimeNs: changedNs,
    isFile: () => true,
    isDirectory: () => false,
  })
  return {
    statSync(path: string) {
      if (at().disk.folder(path) !== undefined) return { isFile: () => false, isDirectory: () => true }
      const file = fileAt(path)
      return statsOf(file, BigInt(file.bytes.length))
    },
    fstatSync: (descriptor: number) => statsOf(opened(descriptor).file, opened(descriptor).file.bytes.length),
    openSync(path: string) {
      open.set(++last, { file: fileAt(path), position: 0 })
      return last
    },
    closeSync: (descriptor: number) => void open.delete(descriptor),
    readSync(descriptor: number, into: Uint8Array, offset: number, length: number) {
      const from = opened(descriptor)
      const part = from.file.bytes.subarray(from.position, from.position + length)
      into.set(part, offset)
      from.position += part.length
      return part.length
    },
    readFileSync: (descriptor: number) => Buffer.from(opened(descriptor).file.bytes),
    readdirSync(path: string) {
      const names = at().disk.folder(path)
      if (names === undefined) throw missing(path)
      return names
    },
    realpathSync(path: string) {
      const { disk } = at()
      if (disk.file(path) === undefined && disk.folder(path) === undefined) throw missing(path)
      return disk.resolve(path)
    },
    watch(folder: string, _options: object, onChange: () => void) {
      const { disk, owner } = at()
      const watcher = { close: disk.watch(folder, owner, onChange), on: () => watcher }
      return watcher
    },
  }
}

function missing(path: string): Error {
  return Object.assign(new Error(`ENOENT: ${path}`), { code: 'ENOENT' })
}
