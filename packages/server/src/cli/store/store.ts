import type { Command } from 'commander'
import { addStoreCheck } from './check/command.ts'
import { addStoreExport } from './export/command.ts'
import { addStoreImport } from './import/command.ts'
import { addStoreMigrate } from './migrate/command.ts'

/** Adds `kube-authn store` and what is done with stores. */
export function addStore(root: Command): void {
  const store = root
    .command('store')
    .summary('check, migrate, back up and move a store of objects')
    .description('Works on a store of `kube-authn serve`, without a server.')
  for (const add of [addStoreCheck, addStoreMigrate, addStoreExport, addStoreImport]) add(store)
}
