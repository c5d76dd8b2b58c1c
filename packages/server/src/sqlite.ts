/**
 * The store in a file, for Node.js.
 *
 * @module
 */
export { sqliteObjectStore } from './store/sqlite/sqlite-object-store.ts'
