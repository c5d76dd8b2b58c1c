import { setInterval } from 'node:timers'
import { CommanderError } from 'commander'
import { EXIT, Interrupted, messagesOf } from './failure.ts'
import { program } from './program.ts'
import { note, type Terminal } from './terminal/terminal.ts'

const LONG_MS = 1_000_000_000

/**
 * Runs a command, and sets the exit code of the terminal.
 *
 * @param argv the arguments after the name of the program.
 * @param terminal `process`, or streams and an environment in its place.
 */
export async function run(argv: readonly string[], terminal: Terminal): Promise<void> {
  // What a command waits for may keep no process alive, as a pause between two attempts: it must still come to its end.
  const alive = setInterval(() => undefined, LONG_MS)
  try {
    const root = await program(argv, terminal)
    await root.parseAsync([...argv], { from: 'user' })
  } catch (error) {
    terminal.exitCode = exitCodeFor(error, terminal)
  } finally {
    clearInterval(alive)
  }
}

function exitCodeFor(error: unknown, terminal: Terminal): number {
  // It has already printed help, the version, or what is wrong with the command line.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.failed
  if (error instanceof Interrupted) return EXIT.interrupted
  for (const message of messagesOf(error)) note(terminal, `error: ${message}`)
  return EXIT.failed
}
