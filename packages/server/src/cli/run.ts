import { CommanderError } from 'commander'
import { EXIT, Failure } from './failure.ts'
import { program } from './program.ts'
import { endWithReader, note } from './terminal/output.ts'

/** Runs the command of `argv`, and sets the exit code of the process. */
export async function run(argv: readonly string[]): Promise<void> {
  endWithReader()
  process.once('SIGINT', () => process.exit(EXIT.interrupted))
  try {
    await program().parseAsync([...argv])
  } catch (error) {
    process.exitCode = exitCodeOf(error)
  }
}

function exitCodeOf(error: unknown): number {
  // It has already printed help, the version, or what is wrong with the command line.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.failed
  note(`error: ${messageOf(error)}`)
  return EXIT.failed
}

function messageOf(error: unknown): string {
  if (error instanceof Failure) return error.message
  if (!(error instanceof Error)) return 'unexpected error'
  // Errors of our packages have a code and no secret; of others only the kind is shown.
  const { code } = error as { readonly code?: unknown }
  if (code === 'invalidConfiguration' || code === 'invalidCredentialFile') return error.message
  return `unexpected error: ${error.name}${typeof code === 'string' ? ` (${code})` : ''}`
}
