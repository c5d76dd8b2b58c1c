import { withoutControls } from '@kube-authn/internal/printable'

/** What a command uses of its process: its streams, its environment, and the exit code that it sets. */
export type Terminal = Pick<NodeJS.Process, 'stdin' | 'stdout' | 'stderr' | 'env' | 'exitCode'>

/** Writes to stdout, and resolves once it is written: a process that exits earlier loses the rest of what a pipe has not taken. */
export function write({ stdout }: Pick<Terminal, 'stdout'>, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    stdout.write(text, (error) => (error ? reject(error) : resolve()))
  })
}

/** Writes a line to stderr, for the person at the terminal. */
export function note({ stderr }: Pick<Terminal, 'stderr'>, line: string): void {
  stderr.write(`${withoutControls(line)}\n`)
}
