import { randomUUID } from 'node:crypto'
import { closeSync, linkSync, openSync, rmSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import { memberOf } from '@kube-authn/core/internal'
import { StoreError } from '../store-error.ts'
import type { OpenDatabase, SqlDatabase } from './driver.ts'
import { attempt, corrupted, sqliteFailure } from './failure.ts'
import { checkSchema, createSchema, forbidWrites, lock, prepareToWrite } from './schema.ts'

/**
 * Opens the file of a store, or makes it if there is none. A file that is there is never taken for a new one: not even an empty one, which may be what is left
 * of a store.
 *
 * @throws {StoreError} `storeCorrupted`, `storeUnavailable`
 */
export function openStoreFile(file: string, open: OpenDatabase): SqlDatabase {
  makeStoreFile(file, open)
  return openFile(file, open, prepareToWrite)
}

/**
 * Opens the file of a store, from which is only read. A log that is left of a process which was killed is still written into the file.
 *
 * @throws {StoreError} `storeCorrupted`, `storeUnavailable`
 */
export function openStoreFileToRead(file: string, open: OpenDatabase): SqlDatabase {
  if (!isStoreFile(file)) throw new StoreError('storeUnavailable', `the store ${file} does not exist`)
  return openFile(file, open, forbidWrites)
}

/** Makes the file of a store if there is none. @throws {StoreError} `storeCorrupted`, `storeUnavailable` */
export function makeStoreFile(file: string, open: OpenDatabase): void {
  if (!isStoreFile(file)) attempt(file, () => createStoreFile(resolve(file), open))
}

/** Whether there is a file that may be a store. @throws {StoreError} `storeCorrupted`, `storeUnavailable` */
export function isStoreFile(file: string): boolean {
  const status = attempt(file, () => statSync(resolve(file), { throwIfNoEntry: false }))
  if (status === undefined) return false
  if (!status.isFile()) throw new StoreError('storeUnavailable', `the store ${file} is not a regular file`)
  if (status.size === 0) throw corrupted(file, undefined, 'it is empty')
  return true
}

function openFile(file: string, open: OpenDatabase, prepare: (database: SqlDatabase) => void): SqlDatabase {
  let database: SqlDatabase | undefined
  try {
    // An absolute path has no special meaning for SQLite.
    database = open(resolve(file))
    lock(database)
    checkSchema(database, file)
    prepare(database)
    return database
  } catch (thrown) {
    closeQuietly(database)
    throw sqliteFailure(thrown, file)
  }
}

/** It gets its name when it is complete, unless another process was faster. Only its owner may read it. */
function createStoreFile(path: string, open: OpenDatabase): void {
  const temporary = `${path}.${randomUUID()}`
  try {
    closeSync(openSync(temporary, 'wx', 0o600))
    const database = open(temporary)
    try {
      database.prepare('PRAGMA synchronous = EXTRA').all()
      createSchema(database)
    } finally {
      database.close()
    }
    linkSync(temporary, path)
  } catch (thrown) {
    if (memberOf(thrown, 'code') !== 'EEXIST') throw thrown
  } finally {
    rmSync(temporary, { force: true })
  }
}

function closeQuietly(database: SqlDatabase | undefined): void {
  try {
    database?.close()
  } catch {
    // Why it could not be opened says more.
  }
}
