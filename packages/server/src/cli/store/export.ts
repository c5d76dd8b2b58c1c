import type { Command } from 'commander'
import { EXIT, Failure } from '../failure.ts'
import { requireLastingStore } from '../store-url/store-url.ts'
import { STDIN } from '../terminal/input.ts'
import { refuseTargets, writeNewFile } from '../terminal/new-file.ts'
import { note, type Terminal, write } from '../terminal/terminal.ts'
import { exportedLines } from './file/format.ts'

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

export function declareStoreExport(command: Command, terminal: Terminal): void {
  command
    .summary('write all objects of a store into a file')
    .description('Writes all objects of a store into a file, or to standard output.')
    .argument('[file]', 'the file; - or none for standard output')
    .option('--prefix <prefix>', 'only objects whose keys begin with it, as in /registry/secrets/')
    .option('--force', 'replace a file that exists')
    .addHelpText('after', AFTER)
    .action((file: string | undefined, options: StoreExportOptions) => exportStore(file, options, terminal))
}

interface StoreExportOptions {
  readonly store: string
  readonly prefix?: string
  readonly force?: boolean
}

/** The name of standard output among files. */
const STDOUT = STDIN

async function exportStore(
  file: string = STDOUT,
  { store: value, prefix = '', force = false }: StoreExportOptions,
  terminal: Terminal,
): Promise<void> {
  const store = requireLastingStore(value)
  if (prefix.includes('\0') || !prefix.isWellFormed()) throw new Failure('--prefix: no key can begin with it')
  if (file !== STDOUT) refuseTargets([file], force)
  if (terminal.stderr.isTTY) note(terminal, 'warning: the export has all secrets of the store in plain text')
  // A reader that goes away has only a part.
  terminal.exitCode = EXIT.failed
  await store.read(async (snapshot) => {
    const part = { prefix, count: await snapshot.count(prefix) }
    const lines = exportedLines(snapshot, part)
    if (file !== STDOUT) await writeNewFile(file, lines, { replaces: force })
    else for await (const each of lines) await write(terminal, each)
    note(terminal, `exported ${part.count} objects of revision ${snapshot.revision}`)
  })
  terminal.exitCode = EXIT.ok
}
