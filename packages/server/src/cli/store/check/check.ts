import { withoutControls } from '@kube-authn/internal/printable'
import { systemClock } from '@kube-authn/core/internal'
import type { Command } from 'commander'
import { isStoreError } from '@kube-authn/store'
import { EXIT } from '../../failure.ts'
import { type LastingStore, requireLastingStore } from '../../store-url/store-url.ts'
import { outputOption } from '../../terminal/options.ts'
import { type Style, type Terminal, writeResult } from '../../terminal/terminal.ts'
import { type StoreFindings, storeFindings } from './findings.ts'

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

/** Declares `kube-authn store check`. */
export function declareStoreCheck(command: Command, terminal: Terminal): void {
  command
    .summary('read a store, and say what is in it and what is wrong')
    .description('Reads a whole store, and says what is in it and what is wrong.')
    .addOption(outputOption())
    .addHelpText('after', AFTER)
    .action(async (options: StoreCheckOptions) => {
      terminal.exitCode = await checkStore(options, terminal)
    })
}

interface StoreCheckOptions {
  readonly store: string
  readonly output: 'text' | 'json'
}

async function checkStore({ store: value, output }: StoreCheckOptions, terminal: Terminal): Promise<number> {
  const store = requireLastingStore(value)
  const report = { store: store.shown, ...(await findingsIn(store)) }
  const isWhole = report.problems.length === 0 && !('unreadable' in report && report.unreadable > 0)
  await writeResult(terminal, output, { ...report, isWhole }, (style) => linesFor(report, isWhole, style))
  return isWhole ? EXIT.ok : EXIT.no
}

/** A store that is damaged as a whole has only this problem. */
async function findingsIn(
  store: LastingStore,
): Promise<StoreFindings | { readonly problems: readonly string[] }> {
  try {
    return await store.read((snapshot) => storeFindings(snapshot, systemClock.now()))
  } catch (error) {
    if (isStoreError(error, 'storeCorrupted')) return { problems: [error.message] }
    throw error
  }
}

/** What is printed of a store. Members may be added. */
interface StoreReport extends Partial<StoreFindings> {
  /** Where it is, without passwords. */
  readonly store: string
  readonly problems: readonly string[]
}

function linesFor(report: StoreReport, isWhole: boolean, style: Style): readonly string[] {
  const { store, problems } = report
  return [
    row('store', store),
    ...contentLines(report),
    ...problems.map((each) => row('problem', style('red', withoutControls(each)))),
    row('result', isWhole ? style('green', 'whole') : style('red', 'damaged')),
  ]
}

function contentLines({
  engine,
  schemaVersion,
  revision,
  compactedRevision = 0,
  objects = 0,
  resources = {},
  overdue = 0,
  unreadable = 0,
  unreadableObjects = [],
}: StoreReport): readonly string[] {
  if (engine === undefined) return []
  const version = schemaVersion === undefined ? '' : `, schema version ${schemaVersion}`
  return [
    row('engine', `${engine}${version}`),
    row('revision', `${revision}, with the changes after ${compactedRevision}`),
    row('objects', String(objects)),
    ...Object.entries(resources).map(([name, count]) => `  ${String(count).padStart(8)} ${name}`),
    row('overdue', `${overdue}${overdue === 0 ? '' : ' have expired; the next server deletes them'}`),
    row('unreadable', String(unreadable)),
    ...unreadableObjects.map(({ key, problem }) => `  ${withoutControls(key)}: ${problem}`),
    ...(unreadable > unreadableObjects.length ? ['  ...'] : []),
  ]
}

function row(name: string, value: string): string {
  return `${name.padEnd(10)} ${value}`
}
