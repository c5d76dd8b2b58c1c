import { EXIT } from './failure.ts'
import { run } from './run.ts'
import { note } from './terminal/terminal.ts'

/** Runs the command of this process. */
export async function start(): Promise<void> {
  process.once('SIGINT', () => process.exit(EXIT.interrupted))
  // Once its reader has gone, as in `kube-authn ... | head -1`, what it prints has no use any more. A full disk is reported.
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', ({ code = 'unknown error' }: NodeJS.ErrnoException) => {
      if (code === 'EPIPE') process.exit()
      if (stream === process.stdout) note(process, `error: standard output: cannot be written (${code})`)
      process.exit(EXIT.failed)
    })
  }
  await run(process.argv.slice(2), process)
}
