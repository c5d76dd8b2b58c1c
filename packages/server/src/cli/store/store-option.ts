import type { Command } from 'commander'

/** The options that all commands of stores have. */
export interface StoreOptions {
  /** As of `serve --store`. It may have a password. */
  readonly store: string
}

/** Adds `--store`. */
export function addStoreOption(command: Command): Command {
  return command.requiredOption(
    '--store <store>',
    'sqlite:FILE, postgres://USER@HOST/DATABASE or etcd://HOST:PORT, as of serve',
  )
}
