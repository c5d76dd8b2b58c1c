import type { Command } from 'commander'
import { addStoreOption, type StoreOptions } from '../store-option.ts'

const AFTER = `
The export is of one revision, whatever is written meanwhile. It has all secrets of the store in plain text: a file is
for its owner only (0600), is complete when it gets its name, and should be encrypted before it leaves the machine.
A store in a file must not be in use.

Examples:
  kube-authn store export --store sqlite:kube-authn-data/store.db backup.ndjson
  kube-authn store export --store etcd://etcd-1:2379 | age -r age1... > backup.ndjson.age
  kube-authn store export --store sqlite:store.db | kube-authn store import --store postgres://auth@localhost/auth -

Exit codes:
  0  exported
  2  not exported: the store or the file cannot be used, or an object cannot be read`

/** Adds `kube-authn store export`. */
export function addStoreExport(store: Command): void {
  addStoreOption(store.command('export'))
    .summary('write all objects of a store into a file')
    .description('Writes all objects of a store into a file, or to standard output.')
    .argument('[file]', 'the file; - or none for standard output')
    .option('--prefix <prefix>', 'only objects whose keys begin with it, as in /registry/secrets/')
    .option('--force', 'replace a file that exists')
    .addHelpText('after', AFTER)
    .action(async (file: string | undefined, options: StoreExportOptions) => {
      const { exportStore } = await import('../export.ts')
      await exportStore(file, options)
    })
}

/** The options of `kube-authn store export`. */
export interface StoreExportOptions extends StoreOptions {
  readonly prefix?: string
  readonly force?: boolean
}
