import { type ChildProcess, spawn } from 'node:child_process'

/** A program that is started again whenever it ends, as a service manager does. */
export interface Kept {
  readonly name: string
  /** The process that runs now; `undefined` while there is none. */
  readonly pid: () => number | undefined
  /** How often it was started again. */
  readonly restarts: () => number
  /** Ends it for good. */
  stop(): Promise<void>
}

/** A program and its arguments. */
export interface Program {
  readonly name: string
  readonly command: string
  readonly args: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** Where it runs. Default: here. */
  readonly folder?: string
  /** How it is asked to end. Default `SIGTERM`. */
  readonly endsWith?: NodeJS.Signals
  /** What it says. Default: nothing is shown. */
  readonly onOutput?: (text: string) => void
}

const PAUSE_MS = 2000

/** Starts the program. Its end is followed by another start after two seconds. */
export function keepRunning(program: Program): Kept {
  const { name, command, args, env, folder, endsWith = 'SIGTERM', onOutput = () => {} } = program
  let child: ChildProcess | undefined
  let restarts = 0
  let isStopping = false
  let ended = Promise.resolve()
  let again: NodeJS.Timeout | undefined

  const start = (): void => {
    const started = spawn(command, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(env !== undefined && { env: { ...process.env, ...env } }),
      ...(folder !== undefined && { cwd: folder }),
    })
    child = started
    started.stdout.setEncoding('utf8').on('data', onOutput)
    started.stderr.setEncoding('utf8').on('data', onOutput)
    ended = new Promise((resolve) => {
      const over = (): void => {
        // An error may come before the end of the process, as when it cannot be killed.
        if (child !== started) return
        child = undefined
        resolve()
        if (isStopping) return
        again = setTimeout(() => {
          restarts += 1
          start()
        }, PAUSE_MS)
      }
      started.once('error', (error) => {
        onOutput(`${error.message}\n`)
        over()
      })
      started.once('exit', over)
    })
  }

  start()
  const kill = (): void => void child?.kill('SIGKILL')
  process.once('exit', kill)
  return {
    name,
    pid: () => child?.pid,
    restarts: () => restarts,
    async stop() {
      isStopping = true
      clearTimeout(again)
      child?.kill(endsWith)
      await ended
      process.off('exit', kill)
    },
  }
}
