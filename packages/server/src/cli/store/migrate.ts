import type { Command } from 'commander'
import { storeFailureOf } from '../store-failure.ts'
import { migrateStoreAt, type Migration, shownStore } from '../store-url/store-url.ts'
import { write, type Terminal } from '../terminal/terminal.ts'
import { requireLastingStore } from './named-store.ts'
import { addStoreOption, type StoreOptions } from './store-option.ts'

const AFTER = `
Repeated, it changes nothing, and two at a time do no harm. serve does the same when it starts; do it before with a
user who may make tables, so that serve needs a user who may only read and write them.

Examples:
  kube-authn store migrate --store 'postgres://owner@db/auth?sslmode=verify-full'
  kube-authn store migrate --store sqlite:store.db --dry-run

Exit codes:
  0  the store has the schema of this version or, with --dry-run, can get it
  2  the store cannot be used, or a newer version made it`

/** Adds `kube-authn store migrate`. */
export function addStoreMigrate(store: Command, terminal: Terminal): void {
  addStoreOption(store.command('migrate'))
    .summary('make the schema of a store, or bring it to this version')
    .description('Makes the schema of a store, or brings it to the version of this program.')
    .option('--dry-run', 'only say what would be done')
    .addHelpText('after', AFTER)
    .action(async (options: StoreMigrateOptions) => {
      await migrateStore(options, terminal)
    })
}

/** The options of `kube-authn store migrate`. */
interface StoreMigrateOptions extends StoreOptions {
  readonly dryRun?: boolean
}

/**
 * Makes the schema of a store, or brings it to this version, and prints what was done.
 *
 * @throws {Failure} if the store cannot be used, or is of a newer version.
 */
async function migrateStore(
  { store, dryRun = false }: StoreMigrateOptions,
  terminal: Terminal,
): Promise<void> {
  requireLastingStore(store)
  try {
    const migration = await migrateStoreAt(store, dryRun)
    await write(terminal, `${shownStore(store) ?? store}: ${described(migration, dryRun)}\n`)
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
