import { migrateStoreAt, type Migration, shownStore } from '../store-url/store-url.ts'
import { write } from '../terminal/output.ts'
import { storeFailureOf } from '../store-failure.ts'
import { requireLastingStore } from './named-store.ts'
import type { StoreMigrateOptions } from './migrate/command.ts'

/**
 * Makes the schema of a store, or brings it to this version, and prints what was done.
 *
 * @throws {Failure} if the store cannot be used, or is of a newer version.
 */
export async function migrateStore({ store, dryRun = false }: StoreMigrateOptions): Promise<void> {
  requireLastingStore(store)
  try {
    const migration = await migrateStoreAt(store, dryRun)
    await write(`${shownStore(store) ?? store}: ${described(migration, dryRun)}\n`)
  } catch (error) {
    throw storeFailureOf(error)
  }
}

function described(migration: Migration | undefined, isDryRun: boolean): string {
  if (migration === undefined) {
    return 'etcd has no schema: there is nothing to migrate, and the first server or import makes the store'
  }
  const { before, after } = migration
  if (before === after) return `has schema version ${after}: nothing to do`
  const from = before === 0 ? '' : ` from ${before}`
  return isDryRun
    ? `would be brought${from} to schema version ${after}`
    : `was brought${from} to schema version ${after}`
}
