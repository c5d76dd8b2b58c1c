import { closeSync, openSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { isBusy, type SqlDatabase, sqliteDriver } from '@kube-authn/store/internal/node'
import { Failure, reasonOf } from '../../failure.ts'

/** What has become of the lock of a folder. */
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
