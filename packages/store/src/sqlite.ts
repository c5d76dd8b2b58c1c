/**
 * The store in a file, for Node.js.
 *
 * @module
 */
export { sqliteObjectStore } from './sqlite/sqlite-object-store.ts'
