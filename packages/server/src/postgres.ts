/**
 * The store in PostgreSQL, for Node.js.
 *
 * @module
 */
export { migratePostgresStore, postgresObjectStore } from './store/postgres/postgres-object-store.ts'
