import { StoreError } from '../store-error.ts'

/** What a driver of SQLite takes for a parameter. */
export type SqlValue = number | string | null

/** A row of a result. Drivers add members of their own. */
export type SqlRow = Readonly<Record<string, unknown>>

/** A prepared statement, as `node:sqlite` and `libsql` both have it. */
export interface SqlStatement {
  run(...parameters: readonly SqlValue[]): unknown
  get(...parameters: readonly SqlValue[]): SqlRow | undefined
  all(...parameters: readonly SqlValue[]): readonly SqlRow[]
}

/** A connection to a database in a file. Every call is synchronous. */
export interface SqlDatabase {
  exec(sql: string): void
  prepare(sql: string): SqlStatement
  close(): void
}

/** Opens a file, which it creates if it is missing. */
export type OpenDatabase = (file: string) => SqlDatabase

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
