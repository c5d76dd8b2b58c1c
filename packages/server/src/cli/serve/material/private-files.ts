import type { KeyObject } from 'node:crypto'
import { closeSync, lstatSync, openSync, readFileSync, statSync, type Stats } from 'node:fs'
import { join, resolve } from 'node:path'
import { isBusy, type SqlDatabase, sqliteDriver } from '@kube-authn/store/internal/node'
import { codeOf, Failure, orFail, reasonOf } from '../../failure.ts'
import { keyInFile } from '../../key-pair.ts'
import { makeFolder } from '../../terminal/new-file.ts'

/** What users other than the owner may do. */
const OTHERS = 0o077

/**
 * Makes a folder for its owner only, or requires that it is one.
 *
 * @throws {Failure} if others may read or write it, it belongs to another user, or it cannot be made.
 */
export function openPrivateFolder(path: string): void {
  makeFolder(path)
  requirePrivateFolder(path)
}

/** Requires that a folder, if there is one, is for its owner only. @throws {Failure} as {@link openPrivateFolder}. */
export function requirePrivateFolder(path: string): void {
  const status = statSync(path, { throwIfNoEntry: false })
  if (status === undefined) return
  if (!status.isDirectory()) throw new Failure(`${resolve(path)}: is not a folder`)
  requirePrivate(path, status, '700')
}

export interface FolderLock {
  /** Why there is none; `undefined` if there is one. */
  readonly problem: string | undefined
  release(this: void): void
}

/**
 * Takes a folder for this process alone, by a lock of SQLite on an empty file in it: the operating system gives it free when the process ends, however it ends, and it
 * holds between containers with the same volume.
 *
 * @throws {Failure} if another process has the folder.
 */
export async function lockFolder(folder: string): Promise<FolderLock> {
  let database: SqlDatabase | undefined
  try {
    const open = await sqliteDriver()
    const file = resolve(join(folder, 'serve.lock'))
    closeSync(openSync(file, 'a', 0o600))
    database = open(file)
    database.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE')
    const held = database
    return { problem: undefined, release: () => release(held) }
  } catch (error) {
    if (database !== undefined) release(database)
    if (isBusy(error)) {
      throw new Failure(`another process has the data folder ${folder}`, { cause: error })
    }
    return { problem: reasonOf(error), release: () => undefined }
  }
}

/** A driver may keep the file open until statements are collected as garbage: so the lock is given up first. */
function release(database: SqlDatabase): void {
  try {
    database.exec('ROLLBACK')
    database.exec('PRAGMA locking_mode = NORMAL; PRAGMA user_version')
    database.close()
  } catch {
    // It was never taken.
  }
}

/**
 * Reads a file that only its owner may read; `undefined` if there is none.
 *
 * @throws {Failure} if others may read or write it, it is not a regular file, or it cannot be read.
 */
export function readPrivateFile(path: string): string | undefined {
  const unreadable = (error: unknown): string => `${resolve(path)}: cannot be read (${codeOf(error)})`
  const status = orFail(() => lstatSync(path, { throwIfNoEntry: false }), unreadable)
  if (status === undefined) return undefined
  const target = status.isSymbolicLink()
    ? orFail(() => statSync(path, { throwIfNoEntry: false }), unreadable)
    : status
  if (target?.isFile() !== true) throw new Failure(`${resolve(path)}: is not a regular file`)
  requirePrivate(path, target, '600')
  return readTextFile(path)
}

/** The private key in a file that only its owner may read; `undefined` if there is none. @throws {Failure} if it cannot be used. */
export function readPrivateKey(path: string): KeyObject | undefined {
  const pem = readPrivateFile(path)
  return pem === undefined ? undefined : keyInFile(resolve(path), pem)
}

/** Reads a file that others may read; `undefined` if there is none. @throws {Failure} if it cannot be read. */
export function readTextFile(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    const code = codeOf(error)
    if (code === 'ENOENT') return undefined
    throw new Failure(`${resolve(path)}: cannot be read (${code})`, { cause: error })
  }
}

/** Where there are no users and modes, as on Windows, the folder of the user protects the files. */
function requirePrivate(path: string, { mode, uid }: Stats, wanted: string): void {
  const own = process.getuid?.()
  if (own === undefined) return
  if (uid !== own)
    throw new Failure(`${resolve(path)}: belongs to another user; its owner could read the keys`)
  if ((mode & OTHERS) !== 0) {
    throw new Failure(
      `${resolve(path)}: other users may read or write it; run: chmod ${wanted} ${resolve(path)}`,
    )
  }
}
