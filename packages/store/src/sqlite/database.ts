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
