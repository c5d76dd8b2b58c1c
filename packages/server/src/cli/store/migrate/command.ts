import type { Command } from 'commander'
import { addStoreOption, type StoreOptions } from '../store-option.ts'

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
export function addStoreMigrate(store: Command): void {
  addStoreOption(store.command('migrate'))
    .summary('make the schema of a store, or bring it to this version')
    .description('Makes the schema of a store, or brings it to the version of this program.')
    .option('--dry-run', 'only say what would be done')
    .addHelpText('after', AFTER)
    .action(async (options: StoreMigrateOptions) => {
      const { migrateStore } = await import('../migrate.ts')
      await migrateStore(options)
    })
}

/** The options of `kube-authn store migrate`. */
export interface StoreMigrateOptions extends StoreOptions {
  readonly dryRun?: boolean
}
