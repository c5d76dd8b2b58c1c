import type { Command } from 'commander'
import type { Terminal } from '../terminal/terminal.ts'
import { declareStoreCheck } from './check.ts'
import { declareStoreExport } from './export.ts'
import { declareStoreImport } from './import.ts'
import { declareStoreMigrate } from './migrate.ts'

const COMMANDS = {
  check: declareStoreCheck,
  migrate: declareStoreMigrate,
  export: declareStoreExport,
  import: declareStoreImport,
} as const

/** Declares `kube-authn store` and what is done with stores. */
export function declareCommand(command: Command, terminal: Terminal): void {
  command.description('Works on a store of `kube-authn serve`, without a server.')
  for (const [name, declare] of Object.entries(COMMANDS)) {
    const one = command
      .command(name)
      .requiredOption(
        '--store <store>',
        'sqlite:FILE, postgres://USER@HOST/DATABASE or etcd://HOST:PORT, as of serve',
      )
    declare(one, terminal)
  }
}
