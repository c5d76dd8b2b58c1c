import { StoreError } from '../store-error.ts'
import type { OpenDatabase, SqlDatabase } from './database.ts'

type DatabaseClass = new (file: string) => SqlDatabase

/**
 * The driver of SQLite: the one that is built into Node.js from version 22.13, otherwise the package `libsql`. Both have the same synchronous calls.
 *
 * @throws {StoreError} `storeUnavailable` if there is none.
 */
export async function sqliteDriver(): Promise<OpenDatabase> {
  const found = (await builtIn()) ?? (await libsql())
  return (file) => new found(file)
}

async function builtIn(): Promise<DatabaseClass | undefined> {
  try {
    const { DatabaseSync: database }: { readonly DatabaseSync: unknown } = await import('node:sqlite')
    return isDatabaseClass(database) ? database : undefined
  } catch {
    // Older versions of Node.js do not have it.
    return undefined
  }
}

async function libsql(): Promise<DatabaseClass> {
  const problem = 'SQLite needs Node.js 22.13 or newer, or the package libsql: npm install libsql'
  try {
    const { default: database }: { readonly default: unknown } = await import('libsql')
    if (isDatabaseClass(database)) return database
  } catch (cause) {
    throw new StoreError('storeUnavailable', problem, cause)
  }
  throw new StoreError('storeUnavailable', problem)
}

function isDatabaseClass(value: unknown): value is DatabaseClass {
  return typeof value === 'function'
}
