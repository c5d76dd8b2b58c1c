import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { PATIENCE_MS } from '../patience.ts'

const run = promisify(execFile)

/** A temporary folder of a suite. */
export interface Scratch {
  readonly folder: string
  /** The path of a file or folder in it. */
  path(name: string): string
  /** Writes a file, and the folders it is in. Returns its path. */
  write(name: string, content: string): string
  /** Runs a shell script in it, or in a folder below, up to its first failing command. Returns what it printed. */
  shell(script: string, env?: Readonly<Record<string, string>>, below?: string): Promise<string>
  remove(): void
}

/** Creates one. */
export function makeScratch(): Scratch {
  const folder = mkdtempSync(join(tmpdir(), 'kube-authn-interop-'))
  const path = (name: string): string => join(folder, name)
  return {
    folder,
    path,
    write(name, content) {
      mkdirSync(dirname(path(name)), { recursive: true })
      writeFileSync(path(name), content, { mode: 0o600 })
      return path(name)
    },
    async shell(script, env = {}, below = '.') {
      mkdirSync(path(below), { recursive: true })
      const { stdout } = await run('sh', ['-euc', script], {
        cwd: path(below),
        env: { ...process.env, ...env },
        timeout: PATIENCE_MS,
      })
      return stdout
    },
    remove() {
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
