import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'

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

/** Runs the command as a process, without the environment of the test. */
export function run(
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
