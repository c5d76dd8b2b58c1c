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
  statSync,
  writeFileSync,
} from 'node:fs'
import { open } from 'node:fs/promises'
import { resolve } from 'node:path'
import { Failure } from '../failure.ts'
import { type Terminal, write } from './terminal.ts'

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
    place(temporary, path, replaces)
  } catch (error) {
    throw unwritten(path, error)
  } finally {
    rmSync(temporary, { force: true })
  }
}

/** Writes a secret to a new file for its owner only, or to standard output. */
export async function writeOut(
  terminal: Terminal,
  text: string,
  { out, force = false }: { readonly out?: string; readonly force?: boolean },
): Promise<void> {
  if (out === undefined) await write(terminal, text)
  else writeNewFile(out, text, { replaces: force })
}

/**
 * The same for a content that comes in parts, each of which is written before the next one is asked for.
 *
 * @throws {Failure} as {@link writeNewFile} does; what the parts throw is thrown as it is.
 */
export async function writeNewFileFrom(
  path: string,
  parts: AsyncIterable<string>,
  { replaces, mode = 0o600 }: Pick<NewFileOptions, 'replaces' | 'mode'>,
): Promise<void> {
  const temporary = `${path}.${randomUUID()}.tmp`
  const refuse = (error: unknown): never => {
    throw unwritten(path, error)
  }
  const remove = (): void => rmSync(temporary, { force: true })
  // Also if Ctrl+C ends the process.
  process.once('exit', remove)
  try {
    const file = await open(temporary, 'wx', mode).catch(refuse)
    try {
      for await (const part of parts) await file.appendFile(part).catch(refuse)
      await file.sync().catch(refuse)
    } finally {
      await file.close()
    }
    try {
      place(temporary, path, replaces)
    } catch (error) {
      throw unwritten(path, error)
    }
  } finally {
    process.off('exit', remove)
    remove()
  }
}

/** A link fails if the file exists; a rename would replace it. */
function place(temporary: string, path: string, replaces: boolean): void {
  if (replaces) renameSync(temporary, path)
  else linkSync(temporary, path)
}

function unwritten(path: string, error: unknown): Failure {
  const code = codeOf(error)
  return new Failure(code === 'EEXIST' ? existing(path) : `${resolve(path)}: cannot be written (${code})`, {
    cause: error,
  })
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
 * Refuses what cannot become a file, before the work for it begins.
 *
 * @throws {Failure} if there is something else than a file, or a file that must not be replaced.
 */
export function refuseTarget(path: string, replaces: boolean): void {
  const status = statSync(path, { throwIfNoEntry: false })
  if (status === undefined) return
  if (!status.isFile()) throw new Failure(`${path}: is not a regular file`)
  if (!replaces) throw new Failure(existing(path))
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
