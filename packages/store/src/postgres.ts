/** The store in PostgreSQL, for Node.js. @module */
export type { PostgresClient, PostgresPool } from './postgres/database.ts'
export type { PostgresDatabaseOptions } from './postgres/open-database.ts'
export {
  migratePostgresStore,
  postgresObjectStore,
  type PostgresObjectStoreOptions,
} from './postgres/postgres-object-store.ts'
