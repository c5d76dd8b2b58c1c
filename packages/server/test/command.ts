import { execFile } from 'node:child_process'
import { EventEmitter } from 'node:events'
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { Readable, Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'
import { run as runCommand } from '../src/cli/run.ts'
import type { Terminal } from '../src/cli/terminal/terminal.ts'

/** The built command: run a build first. */
export const COMMAND: string = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url))

/** How the command is run. */
export interface RunOptions {
  readonly stdin?: string | Uint8Array
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
  /** Another user, if the test runs as root. */
  readonly uid?: number
}

/** What the command did. */
export interface Run {
  readonly stdout: string
  readonly stderr: string
  readonly exitCode: number
}

/** Runs the command in this process, without the environment of the test. */
export async function run(
  args: readonly string[],
  { stdin = '', cwd, env = {} }: Omit<RunOptions, 'uid'> = {},
): Promise<Run> {
  const terminal = testTerminal(stdin, env)
  const { stdout, stderr } = terminal
  if (cwd === undefined && inside > 0) throw new Error('a command is running in another folder')
  await (cwd === undefined ? runCommand(args, terminal) : inFolder(cwd, () => runCommand(args, terminal)))
  return { stdout: stdout.text, stderr: stderr.text, exitCode: Number(terminal.exitCode ?? 0) }
}

const home = process.cwd()
let inside = 0

/** Several at once must be in the same folder, since a process has one. */
async function inFolder(folder: string, work: () => Promise<void>): Promise<void> {
  if (inside > 0 && process.cwd() !== realpathSync(folder))
    throw new Error('a command is running in another folder')
  process.chdir(folder)
  inside++
  try {
    await work()
  } finally {
    inside--
    if (inside === 0) process.chdir(home)
  }
}

/** What a command in the process of a test has in place of a process. Signals are events. */
export type TestTerminal = Terminal & EventEmitter & { readonly stdout: Output; readonly stderr: Output }

export function testTerminal(
  stdin: string | Uint8Array,
  env: Readonly<Record<string, string>>,
): TestTerminal {
  return Object.assign(new EventEmitter(), {
    stdin: Readable.from([Buffer.from(stdin)]),
    stdout: new Output(),
    stderr: new Output(),
    env: { PATH: process.env['PATH'] ?? '', ...env },
    exitCode: undefined,
    exit: (code?: number): never => {
      throw new Error(`a command in the process of a test ended it with ${code}`)
    },
  }) as unknown as TestTerminal
}

/** A stream that keeps what is written, and is no terminal. */
class Output extends Writable {
  text = ''

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString()
    this.emit('text')
    done()
  }
}

/** Runs the command in a process of its own, without the environment of the test. */
export function runAsProcess(
  args: readonly string[],
  { stdin = '', cwd, env = {}, uid }: RunOptions = {},
): Promise<Run> {
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [COMMAND, ...args],
      {
        ...(cwd !== undefined && { cwd }),
        ...(uid !== undefined && process.getuid?.() === 0 && { uid, gid: uid }),
        env: { PATH: process.env['PATH'] ?? '', ...env },
        maxBuffer: 1e8,
      },
      (error, stdout, stderr) => {
        resolve({ stdout, stderr, exitCode: typeof error?.code === 'number' ? error.code : error ? -1 : 0 })
      },
    )
    // A command that does not read it may have ended.
    child.stdin?.on('error', () => {})
    child.stdin?.end(stdin)
  })
}

/** A folder with these files, which is removed after the test. */
export function folderOf(files: Readonly<Record<string, string | Uint8Array>> = {}): string {
  const folder = mkdtempSync(join(tmpdir(), 'kube-authn-command-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  for (const [name, content] of Object.entries(files)) {
    const path = join(folder, name)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, content)
  }
  return folder
}
