import { randomUUID } from 'node:crypto'
import { closeSync, fsyncSync, linkSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { Failure } from '../failure.ts'

/** Options of {@link writeNewFile}. */
export interface NewFileOptions {
  /** Replace a file that exists. */
  readonly replaces: boolean
  /** Default: 0600, for its owner only. */
  readonly mode?: number
}

/**
 * Writes a file in one step: there is the whole file or none, also if the process ends meanwhile.
 *
 * @throws {Failure} if the file exists and must not be replaced, or it cannot be written.
 */
export function writeNewFile(
  path: string,
  content: string,
  { replaces, mode = 0o600 }: NewFileOptions,
): void {
  const temporary = `${path}.${randomUUID()}.tmp`
  try {
    const descriptor = openSync(temporary, 'wx', mode)
    try {
      writeFileSync(descriptor, content)
      fsyncSync(descriptor)
    } finally {
      closeSync(descriptor)
    }
    // A link fails if the file exists; a rename would replace it.
    if (replaces) renameSync(temporary, path)
    else linkSync(temporary, path)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error'
    throw new Failure(
      code === 'EEXIST'
        ? `${path}: exists; replace it with --force`
        : `${resolve(path)}: cannot be written (${code})`,
      { cause: error },
    )
  } finally {
    rmSync(temporary, { force: true })
  }
}
