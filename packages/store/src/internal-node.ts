/** What the command `kube-authn` uses of the engines beyond the public entries. Any release may change it. @module */
export { readEtcdStore } from './etcd/read-etcd-store.ts'
export { sslModeProblem } from './postgres/open-database.ts'
export { postgresStoreVersions, readPostgresStore } from './postgres/read-postgres-store.ts'
export { type SqlDatabase, sqliteDriver } from './sqlite/driver.ts'
export { isBusy } from './sqlite/failure.ts'
export { migrateSqliteStore, readSqliteStore } from './sqlite/read-sqlite-store.ts'
