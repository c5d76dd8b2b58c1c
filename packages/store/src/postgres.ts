/**
 * The store in PostgreSQL, for Node.js.
 *
 * @module
 */
export { migratePostgresStore, postgresObjectStore } from './postgres/postgres-object-store.ts'
