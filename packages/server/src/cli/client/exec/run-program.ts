import { spawn } from 'node:child_process'
import type { Clock } from '@kube-authn/core'
import { codeOf } from '../../failure.ts'

export interface Program {
  readonly command: string
  readonly args: readonly string[]
  /** Its whole environment. */
  readonly env: NodeJS.ProcessEnv
  /** Whether it gets our standard input; otherwise it has none. */
  readonly hasInput: boolean
}

export type ProgramEnd =
  | {
      readonly type: 'exited'
      /** -1 if a signal ended it. */ readonly code: number
      readonly stdout: string
    }
  | {
      readonly type: 'missing'
      /** `ENOENT`, or another code if it is there and cannot be run. */ readonly code: string
    }
  | { readonly type: 'failed'; readonly reason: string }

/** Runs a program. Its standard error is ours, and no part of the result. It does not reject. */
export type RunProgram = (program: Program) => Promise<ProgramEnd>

export interface ProgramRunnerOptions {
  readonly clock: Clock
  /** A program that prints more is ended. Default 1,048,576. */
  readonly maxBytes?: number
  /** A program that runs longer is ended. Default 300,000, since a person may have to log in. */
  readonly timeoutMs?: number
}

/**
 * Runs programs as processes of this machine. A program that prints too much or takes too long is killed, and not waited for.
 *
 * Deviation: what it prints and how long it runs is limited (`docs/deviations.md`, plug-ins of clients).
 */
export function programRunner({
  clock,
  maxBytes = 1_048_576,
  timeoutMs = 300_000,
}: ProgramRunnerOptions): RunProgram {
  return ({ command, args, env, hasInput }) =>
    new Promise((resolve) => {
      const child = start(command, args, env, hasInput)
      if (typeof child === 'string') {
        resolve({ type: 'failed', reason: child })
        return
      }
      const chunks: Buffer[] = []
      let length = 0
      const kill = (): void => void child.kill('SIGKILL')
      const end = (result: ProgramEnd): void => {
        cancel()
        process.off('exit', kill)
        resolve(result)
      }
      const stop = (reason: string): void => {
        kill()
        // Programs that it started may hold it open.
        child.stdout?.destroy()
        end({ type: 'failed', reason })
      }
      const cancel = clock.after(timeoutMs, () => stop(`it did not end within ${timeoutMs / 1000} seconds`))
      process.once('exit', kill)
      child.stdout?.on('data', (chunk: Buffer) => {
        length += chunk.length
        if (length > maxBytes) stop(`it printed more than ${maxBytes} bytes`)
        else chunks.push(chunk)
      })
      child.on('error', (error) => {
        const code = codeOf(error)
        end(NOT_FOUND.has(code) ? { type: 'missing', code } : { type: 'failed', reason: code })
      })
      child.on('close', (code) =>
        end({ type: 'exited', code: code ?? -1, stdout: Buffer.concat(chunks).toString('utf8') }),
      )
    })
}

const NOT_FOUND: ReadonlySet<string> = new Set(['ENOENT', 'EACCES', 'ENOTDIR'])

function start(
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  hasInput: boolean,
): ReturnType<typeof spawn> | string {
  try {
    return spawn(command, args, { env, stdio: [hasInput ? 'inherit' : 'ignore', 'pipe', 'inherit'] })
  } catch (error) {
    // A null character, for example.
    return codeOf(error)
  }
}
