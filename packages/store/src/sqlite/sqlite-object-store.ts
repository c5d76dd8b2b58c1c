import type { Clock } from '@kube-authn/core'
import { aClock, elapsedTimeOf, systemClock } from '@kube-authn/core/internal'
import { aNonEmptyString, checkOptions, type OptionsShape, required } from '@kube-authn/core/adapter'
import { historyLimitOf, type HistoryOptions, historyShape } from '../local/history.ts'
import { localStore } from '../local/local-store.ts'
import type { ObjectStore } from '../object-store.ts'
import { sqliteDriver } from './driver.ts'
import { openStoreFile } from './open-store-file.ts'
import { sqliteEngine } from './sqlite-engine.ts'

/** Options of {@link sqliteObjectStore}. */
export interface SqliteObjectStoreOptions extends HistoryOptions {
  /** The path of the file. It is made if it does not exist, readable for its owner only; its folder must exist. */
  readonly file: string
  /** Says when objects expire. Default: the runtime's clock. */
  readonly clock?: Clock
}

const shape: OptionsShape<SqliteObjectStoreOptions> = {
  ...historyShape,
  file: required(aNonEmptyString),
  clock: aClock,
}

/**
 * A store in a file, for one process. What was acknowledged is on the disk: it survives the end of the process at any moment, and a loss of power. A second
 * process that opens the file is refused, and so is a file that is damaged or of another program.
 *
 * It needs Node.js 22.13 or newer, which has SQLite, or the package `libsql`.
 *
 * @throws {ConfigurationError} if an option is invalid.
 * @throws {StoreError} `storeCorrupted` or `storeUnavailable` if the file cannot be opened.
 * @example
 * const store = await sqliteObjectStore({ file: '/var/lib/kube-authn/store.db' })
 */
export async function sqliteObjectStore(options: SqliteObjectStoreOptions): Promise<ObjectStore> {
  checkOptions(shape, options)
  const { file, clock = systemClock } = options
  const database = openStoreFile(file, await sqliteDriver())
  return localStore(sqliteEngine(database, file), {
    clock,
    elapsedMs: elapsedTimeOf(options.clock),
    history: historyLimitOf(options),
    // After the requests that have arrived by now, so that one wait for the disk is enough for all of them.
    soon: (callback) => void setImmediate(callback),
  })
}
