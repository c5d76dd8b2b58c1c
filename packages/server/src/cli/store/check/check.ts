import { systemClock } from '@kube-authn/core/internal'
import { type Command, Option } from 'commander'
import { isStoreError } from '@kube-authn/store'
import { EXIT } from '../../failure.ts'
import { storeFailureOf } from '../../store-failure.ts'
import { readStoreAt, shownStore } from '../../store-url/store-url.ts'
import { write, type Terminal } from '../../terminal/terminal.ts'
import { styleFor } from '../../terminal/style.ts'
import { requireLastingStore } from '../named-store.ts'
import { addStoreOption, type StoreOptions } from '../store-option.ts'
import { type StoreFindings, storeFindings } from './findings.ts'
import { isWhole, jsonReport, textReport } from './report.ts'

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
export function addStoreCheck(store: Command, terminal: Terminal): void {
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
      terminal.exitCode = await checkStore(options, terminal)
    })
}

/** The options of `kube-authn store check`. */
interface StoreCheckOptions extends StoreOptions {
  readonly output: 'text' | 'json'
}

/**
 * Reads a store, and prints what is in it and what is wrong.
 *
 * @returns the exit code.
 */
async function checkStore({ store, output }: StoreCheckOptions, terminal: Terminal): Promise<number> {
  requireLastingStore(store)
  const report = { store: shownStore(store) ?? store, ...(await findingsIn(store)) }
  await write(terminal, output === 'json' ? jsonReport(report) : textReport(report, styleFor(terminal)))
  return isWhole(report) ? EXIT.ok : EXIT.no
}

/** A store that is damaged as a whole has only this problem. */
async function findingsIn(store: string): Promise<StoreFindings | { readonly problems: readonly string[] }> {
  try {
    return await readStoreAt(store, (snapshot) => storeFindings(snapshot, systemClock.now()))
  } catch (error) {
    if (isStoreError(error, 'storeCorrupted')) return { problems: [error.message] }
    throw storeFailureOf(error)
  }
}
