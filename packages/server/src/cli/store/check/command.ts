import { type Command, Option } from 'commander'
import { addStoreOption, type StoreOptions } from '../store-option.ts'

const AFTER = `
Nothing is changed, and no value of an object is printed. A store in a file must not be in use. After a server was
killed, SQLite first writes what is in its log into the file.

Examples:
  kube-authn store check --store sqlite:kube-authn-data/store.db
  PGPASSFILE=/run/secrets/pgpass kube-authn store check --store 'postgres://auth@db/auth?sslmode=verify-full'
  kube-authn store check --store etcd://etcd-1:2379 --output json

Exit codes:
  0  the store is whole
  1  it is damaged, or objects cannot be read
  2  there is no store, or it cannot be used`

/** Adds `kube-authn store check`. */
export function addStoreCheck(store: Command): void {
  addStoreOption(store.command('check'))
    .summary('read a store, and say what is in it and what is wrong')
    .description('Reads a whole store, and says what is in it and what is wrong.')
    .addOption(
      new Option('-o, --output <format>', 'for people, or for programs')
        .choices(['text', 'json'])
        .default('text'),
    )
    .addHelpText('after', AFTER)
    .action(async (options: StoreCheckOptions) => {
      const { checkStore } = await import('./check.ts')
      process.exitCode = await checkStore(options)
    })
}

/** The options of `kube-authn store check`. */
export interface StoreCheckOptions extends StoreOptions {
  readonly output: 'text' | 'json'
}
