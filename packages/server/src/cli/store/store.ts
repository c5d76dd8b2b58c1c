import type { Command } from 'commander'
import { addStoreCheck } from './check/check.ts'
import { addStoreExport } from './export.ts'
import { addStoreImport } from './import/import.ts'
import { addStoreMigrate } from './migrate.ts'
import type { Terminal } from '../terminal/terminal.ts'

/** Declares `kube-authn store` and what is done with stores. */
export function declareStore(command: Command, terminal: Terminal): void {
  command.description('Works on a store of `kube-authn serve`, without a server.')
  for (const add of [addStoreCheck, addStoreMigrate, addStoreExport, addStoreImport]) add(command, terminal)
}
