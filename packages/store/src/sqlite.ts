/** The store in a file, for Node.js. @module */
export { sqliteObjectStore, type SqliteObjectStoreOptions } from './sqlite/sqlite-object-store.ts'
