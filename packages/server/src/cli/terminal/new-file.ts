import { randomUUID } from 'node:crypto'
import { linkSync, mkdirSync, renameSync, rmSync, type Stats, statSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { resolve } from 'node:path'
import { codeOf, Failure, failWith, orFail } from '../failure.ts'
import { type Terminal, write } from './terminal.ts'

export interface NewFileOptions {
  readonly replaces: boolean
  /** Default: 0600, for its owner only. */
  readonly mode?: number
  /** Gives it the owner, group and mode of this file. If that is not possible, it stays as `mode` says. */
  readonly like?: Stats
}

/**
 * Writes a file in one step: there is the whole file or none, also if the process ends meanwhile. Each part of a content is written before the next one is asked for.
 *
 * @throws {Failure} if the file exists and must not be replaced, or it cannot be written. What the parts throw is thrown as it is.
 */
export async function writeNewFile(
  path: string,
  content: string | AsyncIterable<string>,
  { replaces, mode = 0o600, like }: NewFileOptions,
): Promise<void> {
  const temporary = `${path}.${randomUUID()}.tmp`
  const message = (error: unknown): string => unwritten(path, error)
  const refuse = failWith(message)
  const remove = (): void => rmSync(temporary, { force: true })
  // Also if Ctrl+C ends the process.
  process.once('exit', remove)
  try {
    const file = await open(temporary, 'wx', mode).catch(refuse)
    try {
      for await (const part of typeof content === 'string' ? [content] : content) {
        await file.appendFile(part).catch(refuse)
      }
      if (like !== undefined) await makeLike(file, like).catch(refuse)
      await file.sync().catch(refuse)
    } finally {
      await file.close()
    }
    // A link fails if the file exists; a rename would replace it.
    orFail(() => (replaces ? renameSync : linkSync)(temporary, path), message)
  } finally {
    process.off('exit', remove)
    remove()
  }
}

async function makeLike(file: FileHandle, { uid, gid, mode }: Stats): Promise<void> {
  try {
    await file.chown(uid, gid)
  } catch {
    return
  }
  await file.chmod(mode & 0o777)
}

/** Writes a secret to a new file for its owner only, or to standard output. */
export async function writeOut(
  terminal: Terminal,
  text: string,
  { out, force = false }: { readonly out?: string; readonly force?: boolean },
): Promise<void> {
  if (out === undefined) await write(terminal, text)
  else await writeNewFile(out, text, { replaces: force })
}

/**
 * Refuses paths that cannot become files, before the work for them begins.
 *
 * @throws {Failure} if there is something else than a file, or a file that must not be replaced.
 */
export function refuseTargets(paths: readonly string[], replaces: boolean): void {
  for (const path of paths) {
    const status = orFail(
      () => statSync(path, { throwIfNoEntry: false }),
      (error) => unwritten(path, error),
    )
    if (status?.isFile() === false) throw new Failure(`${path}: is not a regular file`)
    if (status !== undefined && !replaces) throw new Failure(existing(path))
  }
}

/** Makes a folder for its owner only, and the folders above it, unless it exists. @throws {Failure} if it cannot be made. */
export function makeFolder(path: string): void {
  orFail(
    () => mkdirSync(path, { recursive: true, mode: 0o700 }),
    (error) => `${resolve(path)}: cannot be made (${codeOf(error)})`,
  )
}

function unwritten(path: string, error: unknown): string {
  const code = codeOf(error)
  return code === 'EEXIST' ? existing(path) : `${resolve(path)}: cannot be written (${code})`
}

function existing(path: string): string {
  return `${path}: exists; replace it with --force`
}
