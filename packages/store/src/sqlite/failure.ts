import { memberOf } from '@kube-authn/core/internal'
import { StoreError } from '../store-error.ts'

const BUSY = 5
const CORRUPT = 11
const FULL = 13
const NOT_A_DATABASE = 26

/** What an error of SQLite means. The text is of SQLite, and contains no data. */
export function sqliteFailure(thrown: unknown, file: string): StoreError {
  if (thrown instanceof StoreError) return thrown
  const code = resultCode(thrown)
  if (code === CORRUPT || code === NOT_A_DATABASE) return corrupted(file, thrown)
  if (code === BUSY) {
    return new StoreError('storeUnavailable', `another process has the store ${file} open`, thrown)
  }
  const why = code === FULL ? 'the disk is full' : thrown instanceof Error ? thrown.message : 'SQLite failed'
  return new StoreError('storeUnavailable', `the store ${file} cannot be used: ${why}`, thrown)
}

/** What work returns. @throws {StoreError} for whatever it throws. */
export function attempt<T>(file: string, work: () => T): T {
  try {
    return work()
  } catch (thrown) {
    throw sqliteFailure(thrown, file)
  }
}

/** The file is damaged. */
export function corrupted(file: string, cause?: unknown, why = 'it is damaged'): StoreError {
  return notUsed(file, `${why}. Restore it from a copy, or move it away to begin with an empty store`, cause)
}

/** The file is one of another program, which may be whole. */
export function foreign(file: string, why: string): StoreError {
  return notUsed(file, `${why}. Leave it as it is, and name another file`)
}

function notUsed(file: string, why: string, cause?: unknown): StoreError {
  return new StoreError('storeCorrupted', `${file} is not used as a store, since ${why}`, cause)
}

/** Whether another process has the file. */
export function isBusy(thrown: unknown): boolean {
  return resultCode(thrown) === BUSY
}

/** The primary result code: `node:sqlite` has it in `errcode`, libsql in `rawCode`. */
function resultCode(thrown: unknown): number | undefined {
  const code = memberOf(thrown, 'errcode') ?? memberOf(thrown, 'rawCode')
  return typeof code === 'number' ? code & 0xff : undefined
}
