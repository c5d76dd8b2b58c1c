import { randomUUID } from 'node:crypto'
import {
  closeSync,
  existsSync,
  fchmodSync,
  fchownSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  type Stats,
  writeFileSync,
} from 'node:fs'
import { resolve } from 'node:path'
import { Failure } from '../failure.ts'

/** Options of {@link writeNewFile}. */
export interface NewFileOptions {
  /** Replace a file that exists. */
  readonly replaces: boolean
  /** Default: 0600, for its owner only. */
  readonly mode?: number
  /** Gives it the owner, group and mode of this file. If that is not possible, it stays as `mode` says. */
  readonly like?: Stats
}

/**
 * Writes a file in one step: there is the whole file or none, also if the process ends meanwhile.
 *
 * @throws {Failure} if the file exists and must not be replaced, or it cannot be written.
 */
export function writeNewFile(
  path: string,
  content: string,
  { replaces, mode = 0o600, like }: NewFileOptions,
): void {
  const temporary = `${path}.${randomUUID()}.tmp`
  try {
    const descriptor = openSync(temporary, 'wx', mode)
    try {
      writeFileSync(descriptor, content)
      if (like !== undefined) makeLike(descriptor, like)
      fsyncSync(descriptor)
    } finally {
      closeSync(descriptor)
    }
    // A link fails if the file exists; a rename would replace it.
    if (replaces) renameSync(temporary, path)
    else linkSync(temporary, path)
  } catch (error) {
    const code = codeOf(error)
    throw new Failure(code === 'EEXIST' ? existing(path) : `${resolve(path)}: cannot be written (${code})`, {
      cause: error,
    })
  } finally {
    rmSync(temporary, { force: true })
  }
}

function makeLike(descriptor: number, { uid, gid, mode }: Stats): void {
  try {
    fchownSync(descriptor, uid, gid)
  } catch {
    return
  }
  fchmodSync(descriptor, mode & 0o777)
}

/**
 * Refuses files that exist, before the first of several is written.
 *
 * @throws {Failure} if one of them exists.
 */
export function refuseExisting(paths: readonly string[]): void {
  for (const path of paths) if (existsSync(path)) throw new Failure(existing(path))
}

/**
 * Makes a folder for its owner only, and the folders above it, unless it exists.
 *
 * @throws {Failure} if it cannot be made.
 */
export function makeFolder(path: string): void {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 })
  } catch (error) {
    throw new Failure(`${resolve(path)}: cannot be made (${codeOf(error)})`, { cause: error })
  }
}

function existing(path: string): string {
  return `${path}: exists; replace it with --force`
}

/** The code of an error of the system, which says more than its message and has no content in it. */
export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown error'
}
