import type { Command } from 'commander'
import { addStoreOption, type StoreOptions } from '../store-option.ts'

const AFTER = `
The whole file is checked before anything is written. From standard input it is first kept in a temporary file, which
has no name and is for its owner only. The store must be empty, unless you say what becomes of objects that exist; what
is in the store and not in the file stays. If an import ends in the middle, go on with --skip-existing.

Values stay as they are, with the uid and the time of creation of objects; those whose time is over are left out. The
resource versions are those of the new store, so that clients have to list again.

Examples:
  kube-authn store import --store sqlite:store.db backup.ndjson
  age -d backup.ndjson.age | kube-authn store import --store etcd://etcd-1:2379 -
  kube-authn store import --store postgres://auth@localhost/auth --skip-existing backup.ndjson

Exit codes:
  0  imported
  2  not imported, or only in part: the message says which`

/** Adds `kube-authn store import`. */
export function addStoreImport(store: Command): void {
  addStoreOption(store.command('import'))
    .summary('write the objects of an export into a store')
    .description('Writes the objects of an export into a store.')
    .argument('<file>', 'the export; - for standard input')
    .option('--overwrite', 'replace objects that exist and differ')
    .option('--skip-existing', 'leave objects that exist as they are')
    .addHelpText('after', AFTER)
    .action(async (file: string, options: StoreImportOptions) => {
      const { importStore } = await import('./import.ts')
      await importStore(file, options)
    })
}

/** The options of `kube-authn store import`. */
export interface StoreImportOptions extends StoreOptions {
  readonly overwrite?: boolean
  readonly skipExisting?: boolean
}
