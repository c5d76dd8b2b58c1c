import type { Command } from 'commander'
import { type Migration, requireLastingStore } from '../store-url/store-url.ts'
import { type Terminal, write } from '../terminal/terminal.ts'

const AFTER = `
Repeated, it changes nothing, and two at a time do no harm. serve does the same when it starts; do it before with a
user who may make tables, so that serve needs a user who may only read and write them.

Examples:
  kube-authn store migrate --store 'postgres://owner@db/auth?sslmode=verify-full'
  kube-authn store migrate --store sqlite:store.db --dry-run

Exit codes:
  0  the store has the schema of this version or, with --dry-run, can get it
  2  the store cannot be used, or a newer version made it`

export function declareStoreMigrate(command: Command, terminal: Terminal): void {
  command
    .summary('make the schema of a store, or bring it to this version')
    .description('Makes the schema of a store, or brings it to the version of this program.')
    .option('--dry-run', 'only say what would be done')
    .addHelpText('after', AFTER)
    .action((options: StoreMigrateOptions) => migrateStore(options, terminal))
}

interface StoreMigrateOptions {
  readonly store: string
  readonly dryRun?: boolean
}

async function migrateStore(
  { store, dryRun = false }: StoreMigrateOptions,
  terminal: Terminal,
): Promise<void> {
  const target = requireLastingStore(store)
  await write(terminal, `${target.shown}: ${described(await target.migrate(dryRun), dryRun)}\n`)
}

function described(migration: Migration | undefined, isDryRun: boolean): string {
  if (migration === undefined) {
    return 'etcd has no schema: there is nothing to migrate, and the first server or import makes the store'
  }
  const { before, after } = migration
  if (before === after) return `has schema version ${after}: nothing to do`
  const from = before === 0 ? '' : ` from ${before}`
  return isDryRun
    ? `would be brought${from} to schema version ${after}`
    : `was brought${from} to schema version ${after}`
}
