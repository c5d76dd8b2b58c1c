import { withoutControls } from '@kube-authn/internal/printable'
import { EXIT } from '../failure.ts'

/** Writes to stdout, and resolves once it is written: a process that exits earlier loses the rest of what a pipe has not taken. */
export function write(text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    process.stdout.write(text, (error) => (error ? reject(error) : resolve()))
  })
}

/** Writes a line to stderr, for the person at the terminal. */
export function note(line: string): void {
  process.stderr.write(`${withoutControls(line)}\n`)
}

/**
 * Ends the process quietly once its reader has gone, as in `kube-authn ... | head -1`: what it prints has no use any more. A disk that is full is said.
 */
export function endWithReader(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', ({ code = 'unknown error' }: NodeJS.ErrnoException) => {
      if (code === 'EPIPE') process.exit()
      if (stream === process.stdout) note(`error: standard output: cannot be written (${code})`)
      process.exit(EXIT.failed)
    })
  }
}
